"""The rows of a table of scores, whatever holds it: cells as they are written, nothing inferred."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.outside.cells import READ

#: Endings of files of scores, each also before `.gz`.
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
Source = str | Path | pd.DataFrame | Sequence[Mapping[str, Any]]


def table(source: Source) -> tuple[str, pd.DataFrame]:
    """Return what a table is called in messages, and its rows: cells of type object, columns named as written.

    A frame, a list of rows, or a CSV, TSV, JSON lines or parquet file, which may be compressed (`.gz`). Cells of
    CSV and TSV are texts, an absent cell is None. Raises BadInput, naming the row (from 1), for no such file.
    """
    if isinstance(source, pd.DataFrame):
        columns = [
            source.iloc[:, place].tolist() if _is_read(n) else None for place, n in enumerate(source.columns)
        ]
        return "scores", _frame(list(source.columns), columns, len(source))
    if not isinstance(source, (str, Path)):
        return "scores", pd.DataFrame(list(source), dtype=object)
    path = Path(source)
    packed = path.suffix.lower() == ".gz"
    ending = (path.with_suffix("") if packed else path).suffix.lower()
    if ending not in SUFFIXES:
        raise BadInput(path, f"a run folder, or scores in {', '.join(SUFFIXES)} (or .gz)", repr(path.suffix))
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if packed else data
    except (OSError, EOFError, ValueError) as error:
        raise BadInput(path, "a readable file", getattr(error, "strerror", None) or error) from None
    if not data.strip():
        raise BadInput(path, "scores", "an empty file")
    if ending == ".parquet":
        return str(path), _parquet(path, data)
    read = _jsonl if ending == ".jsonl" else partial(_delimited, "\t" if ending == ".tsv" else ",")
    try:
        # No line end but what the format knows: texts may hold others.
        return str(path), read(path, io.StringIO(data.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}", "text in UTF-8", f"byte 0x{data[error.start]:02x}") from None


def _is_read(column: object) -> bool:
    """Return whether a column is one that is read: any other may hold what no memory or type could."""
    return str(column).strip() in READ


def _frame(names: list[Any], columns: list[list[Any] | None], n_rows: int) -> pd.DataFrame:
    """Return columns as cells, None in those that are not read; names may be doubled, and are refused later."""
    empty = [None] * n_rows
    cells = {place: empty if column is None else column for place, column in enumerate(columns)}
    return pd.DataFrame(cells, index=range(n_rows), dtype=object).set_axis(names, axis=1)


def _delimited(delimiter: str, path: Path, text: TextIO) -> pd.DataFrame:
    rows: list[list[str]] = []
    try:
        lines = csv.reader(text, strict=True, delimiter=delimiter)
        header = next(lines, [])
        for cells in filter(None, lines):
            rows.append(cells)
            if len(cells) != len(header):
                raise BadInput(f"{path}, row {len(rows)}", f"{len(header)} cells as in the header", len(cells))
    except csv.Error as error:
        raise BadInput(f"{path}, row {len(rows) + 1}", "CSV", error) from None
    return pd.DataFrame(rows, columns=header, dtype=object)


def _jsonl(path: Path, text: TextIO) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    # Not by `splitlines`: JSON allows other line separators inside a text.
    for line in filter(str.strip, text.read().split("\n")):
        where = f"{path}, row {len(rows) + 1}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(where, "a JSON object", f"broken JSON ({error})") from None
        if not isinstance(row, dict):
            raise BadInput(where, "a JSON object", type(row).__name__)
        rows.append(row)
    return pd.DataFrame(rows, dtype=object)


def _parquet(path: Path, data: bytes) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(io.BytesIO(data))
        names = opened.schema_arrow.names
        read = opened.read(columns=[name for name in names if _is_read(name)], use_threads=False)
        once = {name for name in read.column_names if names.count(name) == 1}
        columns = [read.column(name).to_pylist() if name in once else None for name in names]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise BadInput(path, "a parquet file", error) from None
    # Not by pandas, which turns whole numbers with a gap into others.
    return _frame(names, columns, opened.metadata.num_rows)
