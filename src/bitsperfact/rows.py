"""Tables read batch by batch: rows in their order, the columns that are asked for, and never the whole.

A table is either a frame in memory or rows of a parquet file; who reads batches need not know which.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import parquet, tables
from bitsperfact.errors import BadInput
from bitsperfact.tables import Table

#: Rows of a batch: what is in memory of a text column at any time.
BATCH_ROWS = 1 << 15


class Rows(ABC):
    """Rows of a table of `bitsperfact.tables`."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Number of rows (1, a count)."""

    @abstractmethod
    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield the rows in order, at least one and at most `BATCH_ROWS` at a time, with these columns alone."""

    @abstractmethod
    def pieces(self) -> "list[Rows]":
        """Return the rows in parts that can be read apart, in order."""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """Return the whole table in memory, checked."""

    def head(self, n: int, columns: Sequence[str]) -> pd.DataFrame:
        """Return the first `n` rows, or all if there are fewer."""
        taken, parts = 0, []
        for batch in self.batches(columns):
            parts.append(batch.iloc[: n - taken])
            taken += len(parts[-1])
            if taken >= n:
                break
        return pd.concat(parts, ignore_index=True)

    def row(self, at: int, columns: Sequence[str]) -> "pd.Series[Any]":
        """Return one row, by its position; for messages, as it reads what stands before."""
        for batch in self.batches(columns):
            if at < len(batch):
                return batch.iloc[at]
            at -= len(batch)
        raise IndexError(at)


@dataclass(frozen=True, eq=False)
class InMemory(Rows):
    """Rows of a frame in memory."""

    table: Table
    data: pd.DataFrame

    @property
    def n_rows(self) -> int:
        """Number of rows (1, a count)."""
        return len(self.data)

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield slices of the frame."""
        for start in range(0, len(self.data), BATCH_ROWS):
            yield self.data[list(columns)].iloc[start : start + BATCH_ROWS].reset_index(drop=True)

    def pieces(self) -> list[Rows]:
        """Return the frame as one piece."""
        return [self]

    def frame(self) -> pd.DataFrame:
        """Return the frame itself."""
        return self.data


@dataclass(frozen=True, eq=False)
class Stored(Rows):
    """Rows of a parquet file: those of `groups`, its row groups, or all.

    Raises BadInput where the file is missing, no parquet, or of other columns, at once; cells are checked where
    the file was written, and again in `frame`.
    """

    table: Table
    path: Path
    groups: tuple[int, ...] | None = None
    opened: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        names = self._file.schema_arrow.names
        for column in tables.COLUMNS[self.table]:
            if column not in names:
                raise BadInput(
                    self.path, f"columns {', '.join(tables.COLUMNS[self.table])}", f"no column {column!r}"
                )

    @cached_property
    def _file(self) -> Any:
        return parquet.open_parquet(self.table, self.path) if self.opened is None else self.opened

    @cached_property
    def _groups(self) -> list[int]:
        return list(range(self._file.num_row_groups)) if self.groups is None else list(self.groups)

    @property
    def n_rows(self) -> int:
        """Number of rows (1, a count)."""
        return sum(self._file.metadata.row_group(group).num_rows for group in self._groups)

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield batches from the file; one that was replaced meanwhile is not noticed: it stays open."""
        read = self._file.iter_batches(BATCH_ROWS, self._groups, list(columns), use_threads=False)
        while True:
            with parquet.refused(self.table, self.path):
                batch = next(read, None)
            if batch is None:
                return
            if batch.num_rows:
                yield batch.to_pandas()

    def pieces(self) -> list[Rows]:
        """Return each row group."""
        # One open file for all: its metadata grow with the number of pieces.
        return [Stored(self.table, self.path, (group,), self._file) for group in self._groups]

    def frame(self) -> pd.DataFrame:
        """Read and check everything."""
        if self.groups is None:
            return parquet.read(self.table, self.path)
        return tables.check(self.table, self._file.read_row_groups(self._groups).to_pandas(), self.path)


def rows_of(table: Table, given: pd.DataFrame | Rows) -> Rows:
    """Return a frame, checked, or rows, as rows."""
    return given if isinstance(given, Rows) else InMemory(table, tables.check(table, given, table))


def text_hashes(*columns: "pd.Series[Any]") -> NDArray[np.uint64]:
    """Return a 64-bit hash of each row's texts, the same in every process.

    Two of n distinct texts share one with chance n^2 / 2^65: 3 in a million for 10^7.
    """
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        hashed = pd.util.hash_array(column.to_numpy(dtype=object), categorize=False)
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + hashed
    return mixed


def repeated(hashes: Iterable[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return hashes that occur more than once in all parts together, each once, sorted; 8 bytes a hash, twice."""
    together = np.concatenate([np.empty(0, dtype=np.uint64), *hashes])
    together.sort()
    return np.unique(together[1:][together[1:] == together[:-1]])
