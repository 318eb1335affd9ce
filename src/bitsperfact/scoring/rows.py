"""Which rows a model must compute: requests that share their input share a row, and rows go in padded batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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


def batches(
    rows: Sequence[Row], requests: Sequence[TokenizedRequest], batch_tokens: int, batch_positions: int
) -> Iterator[list[Row]]:
    """Cut rows, longest first, into batches of at most `batch_tokens` padded tokens.

    A batch also reads at most `batch_positions` positions through the vocabulary head, whose output is the
    larger part of the memory. A single row that exceeds a budget forms a batch of its own. Longest first, so
    that memory that does not suffice shows at once.
    """
    batch: list[Row] = []
    width = positions = 0
    for row in sorted(rows, key=lambda r: (-len(r.ids), r.ids)):
        reads = sum(requests[i].n_tokens for i in row.requests)
        full = (len(batch) + 1) * width > batch_tokens or positions + reads > batch_positions
        if batch and full:
            yield batch
            batch, positions = [], 0
        if not batch:
            width = len(row.ids)
        batch.append(row)
        positions += reads
    if batch:
        yield batch
