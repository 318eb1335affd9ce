"""Which rows a model must compute: requests that share their input share a row, and rows go in padded batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bitsperfact.scoring.memory import Budget
from bitsperfact.scoring.tokens import TokenizedRequest


@dataclass(frozen=True, slots=True)
class Row:
    """One input row and the requests that read from it, as indices into the list they came from."""

    ids: tuple[int, ...]
    requests: tuple[int, ...]


def distinct_rows(requests: Sequence[TokenizedRequest]) -> list[Row]:
    """Return the fewest rows that hold every request's input as a prefix of one of them.

    A request's input is all its tokens but the last. In a causal model a prefix of a row has the same hidden
    states as the row of that prefix alone, so a request whose input begins another's needs no row of its own:
    all one-token answers to one question are read from one position. In lexicographic order a row that begins
    another is followed by one that it begins.
    """
    order = sorted(range(len(requests)), key=lambda i: requests[i].ids[:-1])
    rows: list[Row] = []
    longest: tuple[int, ...] = ()
    members: list[int] = []
    for i in reversed(order):
        ids = requests[i].ids[:-1]
        if members and longest[: len(ids)] == ids:
            members.append(i)
            continue
        if members:
            rows.append(Row(longest, tuple(members)))
        longest, members = ids, [i]
    if members:
        rows.append(Row(longest, tuple(members)))
    return rows


def batches(rows: Sequence[Row], requests: Sequence[TokenizedRequest], budget: Budget) -> Iterator[list[Row]]:
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


def padded_tokens(batch: Sequence[Row]) -> int:
    """Tokens of a batch, padding included."""
    return len(batch) * max(len(row.ids) for row in batch)


def _end_of_batch(rows: Sequence[Row], requests: Sequence[TokenizedRequest], start: int, budget: Budget) -> int:
    width, positions, stop = len(rows[start].ids), 0, start
    while stop < len(rows):
        positions += sum(requests[i].n_tokens for i in rows[stop].requests)
        too_wide = (stop + 1 - start) * width > budget.tokens
        if stop > start and (too_wide or (budget.positions is not None and positions > budget.positions)):
            break
        stop += 1
    return stop
