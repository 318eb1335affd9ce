"""The rows of a table of scores, whatever holds it: cells as they are written, nothing inferred."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from bitsperfact.errors import BadInput

#: Endings of files of scores, each also before `.gz`.
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
Source = str | Path | pd.DataFrame | Sequence[Mapping[str, Any]]


def table(source: Source) -> tuple[str, pd.DataFrame]:
    """Return what a table is called in messages, and its rows: cells of type object, columns named as written.

    A frame, a list of rows, or a CSV, TSV, JSON lines or parquet file, which may be compressed (`.gz`). Cells of
    CSV and TSV are texts, an absent cell is None. Raises BadInput, naming the row (from 1), for no such file.
    """
    if isinstance(source, pd.DataFrame):
        return "scores", source.astype(object).reset_index(drop=True)
    if not isinstance(source, (str, Path)):
        return "scores", pd.DataFrame(list(source), dtype=object)
    path = Path(source)
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if ending not in SUFFIXES:
        raise BadInput(path, f"a run folder, or scores in {', '.join(SUFFIXES)} (or .gz)", repr(path.suffix))
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, ValueError) as error:
        raise BadInput(path, "a readable file", getattr(error, "strerror", None) or error) from None
    if not data.strip():
        raise BadInput(path, "scores", "an empty file")
    if ending == ".parquet":
        return str(path), _parquet(path, data)
    read = _jsonl if ending == ".jsonl" else _delimited
    try:
        # No line end but what the format knows: texts may hold others.
        return str(path), read(path, io.StringIO(data.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}", "text in UTF-8", f"byte 0x{data[error.start]:02x}") from None


def _delimited(path: Path, text: TextIO) -> pd.DataFrame:
    rows: list[list[str]] = []
    try:
        lines = csv.reader(text, strict=True, delimiter="\t" if ".tsv" in path.suffixes else ",")
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
        read = pq.ParquetFile(io.BytesIO(data)).read()
        columns = [column.to_pylist() for column in read.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise BadInput(path, "a parquet file", error) from None
    # Column by column: pandas would turn whole numbers with a gap into others.
    return pd.DataFrame(dict(enumerate(columns)), dtype=object).set_axis(read.column_names, axis=1)
