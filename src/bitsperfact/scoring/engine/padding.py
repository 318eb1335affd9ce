"""Padded rows through the model as it is: the engine's reference, and its fallback.

Requests that share their input share a row, and rows go through the model in padded batches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring.engine.head import Reads, head_only_at, logprobs_of, run
from bitsperfact.scoring.engine.memory import Budget, is_out_of_memory
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True, slots=True)
class PaddedRow:
    """One input row and the requests that read from it, as indices into the list they came from."""

    ids: tuple[int, ...]
    requests: tuple[int, ...]


def distinct_rows(requests: Sequence[TokenizedRequest]) -> list[PaddedRow]:
    """Return the fewest rows that hold every request's input as a prefix of one of them.

    A request's input is all its tokens but the last. In a causal model a prefix of a row has the same hidden
    states as the row of that prefix alone, so a request whose input begins another's needs no row of its own:
    all one-token answers to one question are read from one position. In lexicographic order a row that begins
    another is followed by one that it begins.
    """
    order = sorted(range(len(requests)), key=lambda i: requests[i].ids[:-1])
    rows: list[PaddedRow] = []
    longest: tuple[int, ...] = ()
    members: list[int] = []
    for i in reversed(order):
        ids = requests[i].ids[:-1]
        if members and longest[: len(ids)] == ids:
            members.append(i)
            continue
        if members:
            rows.append(PaddedRow(longest, tuple(members)))
        longest, members = ids, [i]
    if members:
        rows.append(PaddedRow(longest, tuple(members)))
    return rows


def batches(
    rows: Sequence[PaddedRow], requests: Sequence[TokenizedRequest], budget: Budget
) -> Iterator[list[PaddedRow]]:
    """Cut rows, longest first, into batches whose padded tokens are within a budget.

    So are the positions that a batch reads through the vocabulary head, whose output is the larger part of the
    memory. A single row that exceeds the budget forms a batch of its own. Longest first, so that memory that does
    not suffice shows at once. Where the budget has shrunk below a batch since it was handed out, its rows come
    again, in smaller batches.
    """
    ordered = sorted(rows, key=lambda r: (-len(r.ids), r.ids))
    start = 0
    while start < len(ordered):
        stop = _end_of_batch(ordered, requests, start, budget)
        yield ordered[start:stop]
        if stop - start == 1 or padded_tokens(ordered[start:stop]) <= budget.tokens:
            start = stop


def padded_tokens(batch: Sequence[PaddedRow]) -> int:
    """Return tokens of a batch, padding included."""
    return len(batch) * max(len(row.ids) for row in batch)


def _end_of_batch(
    rows: Sequence[PaddedRow], requests: Sequence[TokenizedRequest], start: int, budget: Budget
) -> int:
    width, positions, stop = len(rows[start].ids), 0, start
    while stop < len(rows):
        positions += sum(requests[i].n_tokens for i in rows[stop].requests)
        too_wide = (stop + 1 - start) * width > budget.tokens
        if stop > start and (too_wide or (budget.positions is not None and positions > budget.positions)):
            break
        stop += 1
    return stop


def padded_sums(
    loaded: "LoadedModel", requests: Sequence[TokenizedRequest], budget: Budget
) -> NDArray[np.float64]:
    """Compute the log-probability of each request's scored tokens: (n_requests,), nats. Budget as in `batches`."""
    sums = np.zeros(len(requests))
    for batch in batches(distinct_rows(requests), requests, budget):
        with budget.tried(padded_tokens(batch), divisible=len(batch) > 1):
            _add_batch(loaded, requests, batch, sums)
    return sums


def _add_batch(
    loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch: list[PaddedRow], sums: NDArray[np.float64]
) -> None:
    deciding: dict[tuple[int, int], int] = {}  # (row, position) -> line of the head's output
    lines: list[int] = []
    targets: list[int] = []
    owners: list[int] = []
    for row_index, row in enumerate(batch):
        for i in row.requests:
            ids, n_context = requests[i].ids, requests[i].n_context
            for position in range(n_context - 1, len(ids) - 1):
                lines.append(deciding.setdefault((row_index, position), len(deciding)))
                targets.append(ids[position + 1])
                owners.append(i)
    rows, columns = (np.array(c) for c in zip(*deciding, strict=True))
    with head_only_at(loaded.model, rows, columns) as taken:
        logits = taken(_output(loaded, padded(loaded, [row.ids for row in batch])))
    np.add.at(sums, owners, logprobs_of(logits, Reads(np.array(lines), np.array(targets))))


def _output(loaded: "LoadedModel", inputs: dict[str, torch.Tensor]) -> Any:
    """Run the model; raise BadInput where its code fails on plain rows of text: there is no plainer way to ask."""
    try:
        return run(loaded.model, inputs, use_cache=False)
    except Exception as error:
        if isinstance(error, BadInput) or is_out_of_memory(error):
            raise
        got = f"{type(error).__name__}: {error}"
        raise BadInput(f"model {loaded.info.name}", "a model that reads text alone", got) from error


def padded(loaded: "LoadedModel", rows: Sequence[tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Return rows padded on the right. Causal attention lets no token look right, so padding changes no score."""
    width = max(len(ids) for ids in rows)
    filled = torch.zeros((len(rows), width), dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for k, ids in enumerate(rows):
        filled[k, : len(ids)] = torch.tensor(ids)
        mask[k, : len(ids)] = 1
    inputs = {"input_ids": filled.to(loaded.device)}
    return inputs if bool(mask.all()) else {**inputs, "attention_mask": mask.to(loaded.device)}
