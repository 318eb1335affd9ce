"""A user's own file, read strictly: CSV, JSON lines or parquet, as numbered rows."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from bitsperfact.claims.statements import FORMS
from bitsperfact.errors import BadInput

Rows = Iterator[tuple[int, Mapping[str, Any]]]
SUFFIXES = (".csv", ".jsonl", ".parquet")
_CHUNK_BYTES = 1 << 20
_BATCH_ROWS = 1 << 12


def read_rows(path: Path) -> Rows:
    """Return numbered rows (from 1) of a file with the columns of claims; raise BadInput where it is none."""
    if path.is_dir():
        raise BadInput(path, f"a file ({', '.join(SUFFIXES)})", "a folder")
    if path.suffix not in SUFFIXES:
        raise BadInput(path, f"a file ending in {', '.join(SUFFIXES)}", repr(path.suffix))
    if _is_blank(path):
        raise BadInput(path, "claims", "an empty file")
    return {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}[path.suffix](path)


def _is_blank(path: Path) -> bool:
    with _opened(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if chunk.strip():
                return False
    return True


def _opened(path: Path) -> BinaryIO:
    """Return a file's bytes; raise BadInput where there is none or it may not be read."""
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise BadInput(path, "a readable file", getattr(error, "strerror", None) or error) from None


def _csv(path: Path) -> Rows:
    number = 0
    # newline="" keeps line breaks inside quoted texts as they are.
    with _decoded(path, newline="") as text:
        lines = csv.reader(text, strict=True)
        try:
            header = next(lines, [])
            _check_columns(path, header)
            for cells in lines:
                if not cells:
                    continue
                number += 1
                if len(cells) != len(header):
                    raise BadInput(
                        f"{path}, row {number}", f"{len(header)} cells as in the header", f"{len(cells)}"
                    )
                yield number, dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise BadInput(f"{path}, row {number + 1}", "CSV", error) from None


def _jsonl(path: Path) -> Rows:
    number = 0
    # No other line end than this: JSON allows line separators inside a text.
    with _decoded(path, newline="\n") as text:
        for line in text:
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


def _parquet(path: Path) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as opened:
            _check_columns(path, opened.schema_arrow.names)
            batches = opened.iter_batches(_BATCH_ROWS, use_threads=False)
            yield from enumerate((row for batch in batches for row in batch.to_pylist()), start=1)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(path, "a parquet file", error) from None


@contextmanager
def _decoded(path: Path, newline: str) -> Iterator[TextIO]:
    try:
        with _opened(path) as stream:
            yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline=newline)
    except UnicodeDecodeError:
        raise _undecodable(path) from None


def _undecodable(path: Path) -> BadInput:
    """Where a file is no UTF-8; no other character holds the byte that ends lines, so each can be tried."""
    with _opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return BadInput(f"{path}, line {number}", "text in UTF-8", f"byte 0x{line[error.start]:02x}")
    return BadInput(path, "text in UTF-8", "other bytes")


def _check_columns(where: object, columns: list[str]) -> None:
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise BadInput(where, "each column once", f"{', '.join(sorted(repeated))} twice")
    if not any(set(names) <= set(columns) for names in FORMS):
        wanted = " or ".join(", ".join(names) for names in FORMS)
        raise BadInput(where, f"columns {wanted}", f"columns {', '.join(map(str, columns))}")
