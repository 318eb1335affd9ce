"""What pins a model: the SHA-256 over its weights, tokenizer and config files."""

import json
from collections.abc import Callable
from pathlib import Path

from bitsperfact.files import sha256_of_file, sha256_of_text, write_text
from bitsperfact.locations import cache_folder
from bitsperfact.models.store import RECORD, record_of

_PATTERNS = ("*.safetensors", "*.bin", "*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken", "*.py")


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 over names and contents of the model's files, in hexadecimal (64 digits).

    Folders that this package built carry theirs; for others, each file's hash is remembered by path, size and
    modification time, so that only a changed file is read again.
    """
    record = record_of(folder)
    return record.fingerprint if record else hash_folder(folder, remembered_sha256)


def hash_folder(folder: Path, sha256: Callable[[Path], str] = sha256_of_file) -> str:
    """Hash names and contents of the model files in `folder`: SHA-256, hexadecimal; `sha256` hashes one file."""
    files = {
        path for pattern in _PATTERNS for path in folder.glob(pattern) if path.is_file() and path.name != RECORD
    }
    return sha256_of_text(*(part for path in sorted(files) for part in (path.name, sha256(path))))


def remembered_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read again only where its path, size or modification time has changed."""
    path = path.resolve()
    stat = path.stat()
    seen = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
    memory = cache_folder() / "hashes" / f"{sha256_of_text(str(path))[:32]}.json"
    known = _recall(memory)
    if known is not None and known[0] == seen:
        return known[1]
    sha256 = sha256_of_file(path)
    write_text(memory, json.dumps([seen, sha256]))
    return sha256


def _recall(memory: Path) -> tuple[list[int], str] | None:
    try:
        seen, sha256 = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return None  # a lost or broken memory costs one more reading, nothing else
    return seen, sha256
