"""The plain way to score: padded rows through the model as it is. The engine's reference, and its fallback."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.scoring.head import Reads, head_only_at, logprobs_of
from bitsperfact.scoring.memory import Budget
from bitsperfact.scoring.rows import Row, batches, distinct_rows, padded_tokens
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


def plain_sums(loaded: "LoadedModel", requests: Sequence[TokenizedRequest], budget: Budget) -> NDArray[np.float64]:
    """Log-probability of each request's scored tokens: shape (n_requests,), nats. Budget as in `batches`."""
    sums = np.zeros(len(requests))
    for batch in batches(distinct_rows(requests), requests, budget):
        with budget.tried(padded_tokens(batch), divisible=len(batch) > 1):
            _add_batch(loaded, requests, batch, sums)
    return sums


def _add_batch(
    loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch: list[Row], sums: NDArray[np.float64]
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
    with head_only_at(loaded.model, rows, columns):
        logits = loaded.model(**padded(loaded, [row.ids for row in batch]), use_cache=False).logits[0]
    np.add.at(sums, owners, logprobs_of(logits, Reads(np.array(lines), np.array(targets))))


def padded(loaded: "LoadedModel", rows: Sequence[tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Rows padded on the right. Causal attention lets no token look right, so padding changes no score."""
    width = max(len(ids) for ids in rows)
    filled = torch.zeros((len(rows), width), dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for k, ids in enumerate(rows):
        filled[k, : len(ids)] = torch.tensor(ids)
        mask[k, : len(ids)] = 1
    inputs = {"input_ids": filled.to(loaded.device)}
    return inputs if bool(mask.all()) else {**inputs, "attention_mask": mask.to(loaded.device)}
