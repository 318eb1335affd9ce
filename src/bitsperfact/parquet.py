"""Tables as parquet files: checked on their way in and out, written by atomic rename."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.files import atomic_file
from bitsperfact.tables import Table, check, empty


def write(table: Table, frame: pd.DataFrame, path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Check a table and write it as parquet, atomically; `metadata` goes into its schema."""
    checked = check(table, frame, path)
    with atomic_file(path) as partial:
        write_rows(table, [checked], partial, metadata)


def write_parts(table: Table, parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Check a table's parts and write them as one parquet file, atomically; only one part is in memory at a time.

    Each part becomes row groups of its own. That keys are unique is checked within a part here, and over all of
    them where the file is read whole.
    """
    with atomic_file(path) as partial:
        write_rows(table, (check(table, part, path) for part in parts), partial)


def write_rows(
    table: Table, parts: Iterable[pd.DataFrame], path: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write checked parts to a file that is not in its place yet; `metadata` goes into its schema."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = pa.Schema.from_pandas(empty(table), preserve_index=False)
    schema = schema.with_metadata({**schema.metadata, **(metadata or {})})
    with ParquetWriter(path, schema) as writer:
        for checked in parts:
            writer.write_table(pa.Table.from_pandas(checked, schema=schema, preserve_index=False))


def read(table: Table, path: Path) -> pd.DataFrame:
    """Read and check a table; raise BadInput where the file is missing, no parquet, or of other columns."""
    opened = open_parquet(table, path)
    with opened, refused(table, path):
        frame = opened.read().to_pandas()
    return check(table, frame, path)


def open_parquet(table: Table, path: Path) -> Any:
    """Open a table's file as a `pyarrow.parquet.ParquetFile`; raise BadInput where it is missing or no parquet."""
    from pyarrow.parquet import ParquetFile

    if not path.is_file():
        raise BadInput(path, f"a {table} table", "no such file")
    with refused(table, path):
        return ParquetFile(path)


@contextmanager
def refused(table: Table, path: Path) -> Iterator[None]:
    """Turn what reading a broken file raises into BadInput."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise BadInput(path, f"a {table} table in parquet", error) from None
