"""Model folders that are built once: whole or absent, whoever else is building at the same time."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bitsperfact.errors import BadInput, Unavailable
from bitsperfact.files import write_text
from bitsperfact.locations import cache_folder

RECORD = "bitsperfact.json"


@dataclass(frozen=True)
class Record:
    """What a built folder is: written last, inside it, and trusted thereafter instead of hashing gigabytes.

    `source` says what it was made from; `revision` names the version of that; `fingerprint` is the SHA-256 of
    weights, tokenizer and config; `n_params` counts tied matrices once; `architecture` is the model's class.
    `memory_bits`: what the weights take at the source (bits); None in records older than the field.
    """

    source: str
    revision: str
    fingerprint: str
    n_params: int
    architecture: str
    memory_bits: float | None = None


def models_folder() -> Path:
    """Return the folder that holds every built model."""
    return cache_folder() / "models"


def built(key: str) -> Path | None:
    """Return the finished folder called `key`, or None."""
    folder = models_folder() / key
    return folder if (folder / RECORD).is_file() else None


def build_once(key: str, build: Callable[[Path], Record]) -> Path:
    """Return the folder called `key`, made by `build(partial_folder)` unless it is there already.

    A second process waits for the first and takes its result. A killed build leaves only a hidden folder,
    which the next build of the same key removes. Raises Unavailable where the disk refuses (full, read-only).
    """
    if folder := built(key):
        return folder
    from filelock import FileLock

    home = models_folder()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f".{key}.lock"):
            return built(key) or _build(home / key, build)
    except OSError as error:
        if isinstance(error, BadInput):
            raise
        raise _refused(home, error) from None


def _build(folder: Path, build: Callable[[Path], Record]) -> Path:
    # The lock is ours, so whatever bears this name without being complete belongs to nobody alive.
    for leftover in (folder, *folder.parent.glob(f".{folder.name}.*.partial")):
        shutil.rmtree(leftover, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    try:
        record = build(partial)
        write_text(partial / RECORD, json.dumps(asdict(record), indent=2) + "\n")
        _reach_disk(partial)
        partial.chmod(0o755)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _reach_disk(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refused(where: Path, error: OSError) -> Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(where).free / 1e9
        return Unavailable(
            where, "room for the model", f"a disk too full for it ({free:.1f} GB free); nothing was kept"
        )
    return Unavailable(where, "a folder to write models to (BITSPERFACT_CACHE moves it)", error)


def record_of(folder: Path) -> Record | None:
    """Return the record of a folder that this module built; None for any other folder, whatever it contains."""
    path = folder / RECORD
    if folder.parent.resolve() != models_folder().resolve() or not path.is_file():
        return None
    return Record(**json.loads(path.read_text(encoding="utf-8")))
