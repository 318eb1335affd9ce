"""Claim sets to `claims.parquet`, one batch in memory at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from bitsperfact import parquet, tables
from bitsperfact.claims.claimset import ClaimStream, fingerprint_of
from bitsperfact.errors import BadInput
from bitsperfact.files import atomic_file
from bitsperfact.rows import Stored, repeated, text_hashes
from bitsperfact.tables import ClaimSetInfo


@dataclass(frozen=True, eq=False)
class WrittenSet:
    """A claim set in a file: its `rows`, and the fingerprint that `ClaimSet` has."""

    info: ClaimSetInfo
    rows: Stored
    fingerprint: str


@contextmanager
def written(streams: Sequence[ClaimStream], path: Path) -> Iterator[list[WrittenSet]]:
    """Write claim sets one after the other; the file has its name once the block has ended without an exception.

    The list is filled, with rows that are read from `path`, then too: inside the block it is complete but for
    reading. Raises BadInput, naming the cell, for what is no claims table.
    """
    sets: list[WrittenSet] = []
    with atomic_file(path) as partial:
        groups = _write(streams, partial)
        _refuse_repeated(Stored("claims", partial), path)
        for stream, of_set in zip(streams, groups, strict=True):
            rows = Stored("claims", partial, of_set)
            sets.append(WrittenSet(stream.info, rows, fingerprint_of(stream.info, rows)))
        yield sets
    sets[:] = [replace(each, rows=Stored("claims", path, each.rows.groups)) for each in sets]


def _write(streams: Sequence[ClaimStream], path: Path) -> list[tuple[int, ...]]:
    """Write every batch as a row group; return those of each set."""
    groups: list[tuple[int, ...]] = []

    def checked() -> Iterator[pd.DataFrame]:
        first = stop = 0
        for stream in streams:
            for batch in stream.batches():
                yield tables.check("claims", batch, f"claim set {stream.info.name}")
                stop += 1
            groups.append(tuple(range(first, stop)))
            first = stop

    parquet.write_rows("claims", checked(), path)
    return groups


def _refuse_repeated(rows: Stored, path: Path) -> None:
    suspects = repeated(text_hashes(batch["claim_id"]) for batch in rows.batches(["claim_id"]))
    if not len(suspects):
        return
    seen: set[str] = set()
    for batch in rows.batches(["claim_id"]):
        for name in batch["claim_id"][np.isin(text_hashes(batch["claim_id"]), suspects)]:
            if name in seen:
                raise BadInput(path, "each key once", repr(name))
            seen.add(name)
