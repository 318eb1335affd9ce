"""A user's own file, read strictly: CSV, JSON lines or parquet, as numbered rows."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bitsperfact.claims.statements import FORMS
from bitsperfact.errors import BadInput

Rows = Iterator[tuple[int, Mapping[str, Any]]]
SUFFIXES = (".csv", ".jsonl", ".parquet")


def read_rows(path: Path) -> Rows:
    """Numbered rows (from 1) of a file with the columns of claims; raise BadInput where it is none."""
    if path.is_dir():
        raise BadInput(path, f"a file ({', '.join(SUFFIXES)})", "a folder")
    if path.suffix not in SUFFIXES:
        raise BadInput(path, f"a file ending in {', '.join(SUFFIXES)}", repr(path.suffix))
    data = read_bytes(path)
    if not data.strip():
        raise BadInput(path, "claims", "an empty file")
    return {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}[path.suffix](path, data)


def read_bytes(path: Path) -> bytes:
    """A file's bytes; raise BadInput where there is none or it may not be read."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise BadInput(path, "a readable file", getattr(error, "strerror", None) or error) from None


def _csv(path: Path, data: bytes) -> Rows:
    # newline="" keeps line breaks inside quoted texts as they are.
    lines = csv.reader(io.StringIO(_decoded(path, data), newline=""), strict=True)
    number = 0
    try:
        header = next(lines, [])
        _check_columns(path, header)
        for cells in lines:
            if not cells:
                continue
            number += 1
            if len(cells) != len(header):
                raise BadInput(f"{path}, row {number}", f"{len(header)} cells as in the header", f"{len(cells)}")
            yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise BadInput(f"{path}, row {number + 1}", "CSV", error) from None


def _jsonl(path: Path, data: bytes) -> Rows:
    # str.splitlines would also split at line separators that JSON allows inside a text.
    number = 0
    for line in _decoded(path, data).split("\n"):
        if not line.strip():
            continue
        number += 1
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}, row {number}", "a JSON object", f"broken JSON ({error})") from None
        if not isinstance(row, dict):
            raise BadInput(f"{path}, row {number}", "a JSON object", type(row).__name__)
        _check_columns(f"{path}, row {number}", list(row))
        yield number, row


def _parquet(path: Path, data: bytes) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(path, "a parquet file", error) from None
    _check_columns(path, table.column_names)
    yield from enumerate(table.to_pylist(), start=1)


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}", "text in UTF-8", f"byte 0x{data[error.start]:02x}") from None


def _check_columns(where: object, columns: list[str]) -> None:
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise BadInput(where, "each column once", f"{', '.join(sorted(repeated))} twice")
    if not any(set(names) <= set(columns) for names in FORMS):
        wanted = " or ".join(", ".join(names) for names in FORMS)
        raise BadInput(where, f"columns {wanted}", f"columns {', '.join(map(str, columns))}")
