"""Files that are either whole or absent: atomic writes and content hashes."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that becomes `path` when the block ends without an exception.

    The temporary name starts with a dot and ends in `.partial`, so that a leftover of a killed process is
    never read as data. The data reaches the disk before the rename, so that a crash leaves the old file or
    the new one. Raises OSError (disk full, no permission) and then leaves nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o644)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def clear_partial(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder. Only for whoever alone writes to it."""
    for leftover in folder.glob(".*.partial"):
        leftover.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_text(*parts: str) -> str:
    """Return the SHA-256 of several strings, unambiguous in where one ends and the next begins, in hexadecimal."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def hash_pieces(digest: "hashlib._Hash", pieces: Callable[[], Iterable[str]]) -> None:
    """Feed one string, given in pieces, as `sha256_of_text` feeds each of its own; `pieces` is called twice."""
    digest.update(sum(len(piece.encode()) for piece in pieces()).to_bytes(8, "big"))
    for piece in pieces():
        digest.update(piece.encode())
