"""Claim sets to `claims.parquet`, one batch in memory at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from bitsperfact import parquet, tables
from bitsperfact.claims.claimset import ClaimStream, fingerprint_of
from bitsperfact.claims.files.infos import to_metadata
from bitsperfact.claims.joints import Joints
from bitsperfact.claims.notes import Note
from bitsperfact.errors import BadInput
from bitsperfact.files import atomic_file
from bitsperfact.rows import Stored, repeated, text_hashes
from bitsperfact.tables import ClaimSetInfo


@dataclass(frozen=True, eq=False)
class WrittenSet:
    """A claim set in a file: its `rows`, the fingerprint that `ClaimSet` has, and what is to be told of it."""

    info: ClaimSetInfo
    rows: Stored
    fingerprint: str
    notes: tuple[Note, ...] = ()


@contextmanager
def written(streams: Sequence[ClaimStream], path: Path) -> Iterator[list[WrittenSet]]:
    """Write claim sets one after the other; the file has its name once the block has ended without an exception.

    The list is filled, with rows that are read from `path`, then too: inside the block it is complete but for
    reading. Raises BadInput, naming the cell, for what is no claims table.
    """
    sets: list[WrittenSet] = []
    with atomic_file(path) as partial:
        groups, notes = _write(streams, partial)
        _refuse_repeated(Stored("claims", partial), path)
        for stream, of_set, joined in zip(streams, groups, notes, strict=True):
            rows = Stored("claims", partial, of_set)
            fingerprint = fingerprint_of(stream.info, rows)
            sets.append(WrittenSet(stream.info, rows, fingerprint, (*stream.notes, *joined)))
        yield sets
    sets[:] = [replace(each, rows=Stored("claims", path, each.rows.groups)) for each in sets]


def _write(streams: Sequence[ClaimStream], path: Path) -> tuple[list[tuple[int, ...]], list[tuple[Note, ...]]]:
    """Write every batch as a row group; return those of each set, and what is to be told of its joints."""
    groups: list[tuple[int, ...]] = []
    notes: list[tuple[Note, ...]] = []

    def checked() -> Iterator[pd.DataFrame]:
        first = stop = 0
        for stream in streams:
            joints = Joints(f"claim set {stream.info.name}")
            for batch in stream.batches():
                joints.add(batch)
                yield tables.check("claims", batch, f"claim set {stream.info.name}")
                stop += 1
            groups.append(tuple(range(first, stop)))
            notes.append(joints.notes())
            first = stop

    parquet.write_rows("claims", checked(), path, to_metadata(stream.info for stream in streams))
    return groups, notes


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
