"""Files of rows, read strictly: CSV, TSV, JSON, JSON lines and parquet, each as it is or gzipped."""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from bitsperfact.claims.files.orientations import rows_in
from bitsperfact.claims.files.schemas import class_labels, plain_columns
from bitsperfact.claims.files.table import Part, Row, listed
from bitsperfact.errors import BadInput

_FORMS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
#: Endings of files that can be read, each also with .gz behind it.
SUFFIXES = tuple(_FORMS)
_CHUNK_BYTES = 1 << 20
#: Longest cell of CSV in characters: whole books stand in columns that nobody reads.
_LONGEST_CELL = 1 << 28
_BATCH_ROWS = 1 << 12
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def is_there(path: Path, kind: Callable[[Path], bool] = Path.exists) -> bool:
    """Return whether there is such a path; False for a name that no file can have, as it is too long."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


def suffix_of(path: Path) -> str:
    """Return the ending that tells how a file is read, without .gz; "" where it tells nothing."""
    name = path.name.lower().removesuffix(".gz")
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")


def stem_of(path: Path) -> str:
    """Return a file's name without that ending."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    suffix = suffix_of(path)
    return name[: -len(suffix)] if suffix else path.stem


def open_part(path: Path) -> Part:
    """Open one file; raise BadInput where it is none that can be read, empty, or has a column twice.

    Cells of CSV are the text between its commas, and its header's names stand without blanks around them. Cells of
    JSON and parquet are what they are there.
    """
    if is_there(path, Path.is_dir):
        raise BadInput(path, f"a file ({', '.join(SUFFIXES)})", "a folder")
    suffix = suffix_of(path)
    if not suffix:
        raise BadInput(path, f"a file ending in {', '.join(SUFFIXES)}, or that and .gz", repr(path.suffix))
    if _is_blank(path):
        raise BadInput(path, "rows", "an empty file")
    opened = {"csv": _open_csv, "jsonl": _open_jsonl, "json": _open_json, "parquet": _open_parquet}
    return opened[_FORMS[suffix]](path)


def _is_blank(path: Path) -> bool:
    with _opened(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if chunk.strip():
                return False
    return True


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Yield a file's bytes, unpacked; raise BadInput where there is none, it may not be read, or is damaged."""
    try:
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        raise BadInput(path, "a readable file", getattr(error, "strerror", None) or error) from None
    with stream:
        if path.suffix.lower() != ".gz":
            yield stream
            return
        try:
            with gzip.open(stream) as unpacked:
                yield cast("BinaryIO", unpacked)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BadInput(path, "a whole gzip file", error) from None


@contextmanager
def _text(path: Path, newline: str) -> Iterator[TextIO]:
    try:
        with _opened(path) as stream:
            head = stream.read(2)
            stream.seek(0)
            encoding = "utf-16" if head in _UTF16 else "utf-8-sig"
            yield io.TextIOWrapper(stream, encoding=encoding, newline=newline)
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


def check_once(where: object, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns; raise BadInput where one stands twice."""
    if repeated := sorted({name for name in columns if columns.count(name) > 1}):
        raise BadInput(where, "each column once", f"{listed(repeated)} twice")
    return tuple(columns)


def _open_csv(path: Path) -> Part:
    with _text(path, newline="") as text:
        lines = _csv_lines(text, delimiter := _delimiter(path, text))
        try:
            header = next(lines, [])
        except csv.Error as error:
            raise BadInput(f"{path}, header", "CSV", error) from None
    columns = tuple(name.strip() for name in header)
    check_once(path, [name for name in columns if name])  # spreadsheets leave several without a name
    return Part(str(path), columns, partial(_csv_rows, path, columns, delimiter))


def _csv_lines(text: TextIO, delimiter: str) -> Iterator[list[str]]:
    """Yield the lines of CSV that hold anything: a spreadsheet ends in lines of empty cells."""
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(text, delimiter=delimiter, strict=True)
    return (cells for cells in lines if any(cell.strip() for cell in cells))


def _delimiter(path: Path, text: TextIO) -> str:
    """Return what stands between cells: a tab in .tsv; in .csv a comma, or what its first line has instead."""
    if suffix_of(path) != ".csv":
        return "\t"
    first = next((line for line in text if line.strip()), "")
    text.seek(0)
    bare = re.sub('"[^"]*"', "", first)
    return next((mark for mark in (",", "\t", ";") if mark in bare), ",")


def _csv_rows(path: Path, columns: Sequence[str], delimiter: str, wanted: Sequence[str]) -> Iterator[Row]:
    number, chosen = 0, [(at, name) for at, name in enumerate(columns) if name in wanted]
    # newline="" keeps line breaks inside quoted texts as they are.
    with _text(path, newline="") as text:
        lines = _csv_lines(text, delimiter)
        try:
            next(lines)
            for cells in lines:
                number += 1
                if len(cells) != len(columns):
                    where = f"{path}, row {number}"
                    raise BadInput(where, f"{len(columns)} cells as in the header", f"{len(cells)}")
                yield {name: cells[at] for at, name in chosen}
        except csv.Error as error:
            raise BadInput(f"{path}, row {number + 1}", "CSV", error) from None


def _open_jsonl(path: Path) -> Part:
    # Lines may differ in what they hold.
    columns = dict.fromkeys(name for row in _jsonl_objects(path) for name in row)
    return Part(str(path), tuple(columns), partial(_jsonl_rows, path))


def _jsonl_rows(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    return ({name: row[name] for name in wanted if name in row} for row in _jsonl_objects(path))


def _jsonl_objects(path: Path) -> Iterator[Mapping[str, Any]]:
    number = 0
    # No other line end than this: JSON allows line separators inside a text.
    with _text(path, newline="\n") as text:
        for line in text:
            if not line.strip():
                continue
            number += 1
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadInput(f"{path}, row {number}", "a JSON object", f"broken JSON ({error})") from None
            yield _object(row, f"{path}, row {number}")


def _object(row: object, where: str) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise BadInput(where, "a JSON object", type(row).__name__)
    return row


def _open_json(path: Path) -> Part:
    """Open a list of objects, an object that holds one, or what `rows_in` knows; JSON lines are taken too."""
    with _text(path, newline="\n") as text:
        try:
            content = json.load(text)
        except json.JSONDecodeError as error:
            if error.msg.startswith("Extra data"):
                return _open_jsonl(path)
            raise BadInput(path, "JSON", f"broken JSON ({error})") from None
        except RecursionError as error:
            raise BadInput(path, "JSON", f"broken JSON ({error})") from None
    rows = [_object(row, f"{path}, row {number}") for number, row in enumerate(rows_in(content, path), start=1)]
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return Part(str(path), columns, partial(_object_rows, rows))


def _object_rows(rows: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> Iterator[Row]:
    return ({name: row[name] for name in wanted if name in row} for row in rows)


def _open_parquet(path: Path) -> Part:
    with _parquet(path) as opened:
        columns = check_once(path, opened.schema_arrow.names)
        labels = class_labels(opened.schema_arrow.metadata or {})
        plain = plain_columns(opened.schema_arrow)
    return Part(str(path), columns, partial(_parquet_rows, path), labels, plain)


def parquet_metadata(path: Path) -> Mapping[bytes, bytes]:
    """Return what a parquet file's schema says beside its columns; raise BadInput where it is none."""
    with _parquet(path) as opened:
        return dict(opened.schema_arrow.metadata or {})


@contextmanager
def _parquet(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix.lower() == ".gz":
            with _opened(path) as stream:
                source: Any = io.BytesIO(stream.read())
        else:
            source = path
        with pq.ParquetFile(source) as opened:
            yield opened
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(path, "a parquet file", error) from None


def _parquet_rows(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    with _parquet(path) as opened:
        if not wanted:
            yield from ({} for _ in range(opened.metadata.num_rows))
            return
        # Only what is wanted: a column of embeddings, or of dates that Python has not, may stand beside it.
        for batch in opened.iter_batches(_BATCH_ROWS, columns=list(wanted), use_threads=False):
            yield from batch.to_pylist()
