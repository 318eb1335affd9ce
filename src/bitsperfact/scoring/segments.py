"""What models have answered before, of all runs, so that nothing is computed twice.

A folder per model (its fingerprint covers weights and tokenizer), dtype, start-token policy, versions of what
reads models and text, and reader holds segments: files of fixed records, one per request, named by the hash of
their contents. So a segment is written once, by atomic rename, and any number of processes may add at the same
time; one that was damaged does not bear its own name, and goes. Deleting anything here costs computation, nothing
else: a run keeps its own copy of every answer.
"""

import hashlib
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.files import atomic_file, sha256_of_text
from bitsperfact.locations import cache_folder
from bitsperfact.scoring.requests import Request

#: Changes whenever answers of older code must not be read again.
FORMAT = "1"
#: Bytes of all segments together; beyond them, those not read for longest go.
MOST_BYTES = 1 << 30
#: Segments of a folder that are merged into one when read.
MANY_SEGMENTS = 64
#: Age at which a half-written file is one that nobody will finish.
ABANDONED_S = 3600
SUFFIX = ".answers"
#: Keys are hashes of 16 bytes: even among 10^12 requests two are equal with chance 10^-15.
KEY = ("key", "S16")

Records = NDArray[np.void]


def folder_of(names: Sequence[str]) -> Path:
    """Return where the answers lie that `names`, those of `tasks.numbers_of` and a reader's, are decided by."""
    return cache_folder() / "scores" / sha256_of_text(FORMAT, *names)[:32]


@dataclass(frozen=True)
class AnswerCache:
    """The answers in one folder, records of a reader's `columns`. Finds those there at the first look."""

    folder: Path
    columns: Mapping[str, str]

    @property
    def record(self) -> np.dtype[np.void]:
        """The bytes of one answer: 33 for a log-probability."""
        return np.dtype([KEY, *self.columns.items()])

    def find(self, requests: Sequence[Request]) -> tuple[NDArray[np.bool_], pd.DataFrame]:
        """Return which requests are known, shape (n_requests,), and the answers to these, in order."""
        records = self._records
        if not len(records):
            return np.zeros(len(requests), dtype=bool), self._table(records)
        keys = _keys(requests)
        slots = np.minimum(np.searchsorted(records["key"], keys), len(records) - 1)
        known = records["key"][slots] == keys
        return known, self._table(records[slots[known]])

    def add(self, requests: Sequence[Request], answers: pd.DataFrame) -> None:
        """Store answers, one row a request. Where the disk takes no more, warn and go on: no run needs it."""
        records = np.empty(len(requests), dtype=self.record)
        records["key"] = _keys(requests)
        for column in self.columns:
            records[column] = answers[column]
        try:
            _write(self.folder, records)
        except OSError as error:
            warnings.warn(f"scores are not kept for other runs: {error}", stacklevel=2)

    @cached_property
    def _records(self) -> Records:
        """Distinct records, sorted by key."""
        segments = self._segments()
        if not segments:
            return np.empty(0, dtype=self.record)
        _, first = np.unique(np.concatenate([s["key"] for s in segments.values()]), return_index=True)
        records: Records = np.concatenate(list(segments.values()))[first]
        with suppress(OSError):  # a folder that can only be read is as good
            self._tidy(list(segments), records)
        return records

    def _segments(self) -> dict[Path, Records]:
        """Every segment, in an order of its own; looks again where another process merged some meanwhile."""
        found: dict[Path, Records] = {}
        complete = False
        while not complete:
            complete = True
            for path in self.folder.glob(f"*{SUFFIX}"):
                if path in found:
                    continue
                try:
                    content = path.read_bytes()
                except FileNotFoundError:
                    complete = False
                    continue
                except OSError:
                    continue
                if (records := _checked(path, content, self.record)) is not None:
                    found[path] = records
        return dict(sorted(found.items()))

    def _table(self, records: Records) -> pd.DataFrame:
        table = pd.DataFrame({column: records[column] for column in self.columns})
        # As wide as those of a table that was just computed.
        return table.astype({name: int for name in self.columns if records.dtype[name].kind == "i"})

    def _tidy(self, paths: list[Path], records: Records) -> None:
        """Note that the segments were read; replace many by one."""
        if len(paths) < MANY_SEGMENTS:
            for path in paths:
                with suppress(OSError):  # another process merged it
                    os.utime(path)  # `touch` would make it again, empty
            return
        merged = _write(self.folder, records)
        # Only what is in the merged segment: other processes may have added more, or merge too.
        for path in paths:
            if path != merged:
                path.unlink(missing_ok=True)


def trim(most_bytes: int = MOST_BYTES) -> None:
    """Delete the segments, of all models, that were not read for longest, until the rest is small enough.

    What killed processes left half-written goes once it is so old that nobody can be writing it.
    """
    for partial in (cache_folder() / "scores").glob("*/.*.partial"):
        with suppress(OSError):
            if time.time() - partial.stat().st_mtime > ABANDONED_S:
                partial.unlink()
    segments = []
    for path in (cache_folder() / "scores").glob(f"*/*{SUFFIX}"):
        with suppress(OSError):  # another process deleted it
            stat = path.stat()
            segments.append((stat.st_mtime_ns, path, stat.st_size))
    excess = sum(size for *_, size in segments) - most_bytes
    for _, path, size in sorted(segments):
        if excess <= 0:
            return
        with suppress(OSError):
            path.unlink()
        excess -= size


def _keys(requests: Sequence[Request]) -> NDArray[np.bytes_]:
    return np.array([bytes.fromhex(sha256_of_text(*r)[:32]) for r in requests], dtype="S16")


def short_keys(requests: Sequence[Request]) -> NDArray[np.uint64]:
    """Return the first 64 bits of each request's key: enough where two that are equal by chance do no harm."""
    return np.array([int(sha256_of_text(*r)[:16], 16) for r in requests], dtype=np.uint64)


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32] + SUFFIX


def _write(folder: Path, records: Records) -> Path:
    content = records.tobytes()
    path = folder / _name(content)
    with atomic_file(path) as partial:
        partial.write_bytes(content)
    return path


def _checked(path: Path, content: bytes, record: np.dtype[np.void]) -> Records | None:
    """Return the records of a segment; None, and the file goes, where its contents are not what was written."""
    if path.name == _name(content) and len(content) % record.itemsize == 0:
        return np.frombuffer(content, dtype=record)
    with suppress(OSError):
        path.unlink()
    return None
