"""Weights that packages ship: what `data/models.toml` says of each."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bitsperfact.errors import BadInput
from bitsperfact.locations import data_folder


@dataclass(frozen=True)
class Wheel:
    """One package to download: `member` is the path of its piece of the weights inside the wheel."""

    package: str
    version: str
    sha256: str
    member: str


@dataclass(frozen=True)
class Packaged:
    """A GGUF file that lies, in one piece or several, inside wheels; `sha256` is that of the whole file."""

    name: str
    title: str
    version: str
    licence: str
    source: str
    n_params: int
    sha256: str
    wheels: tuple[Wheel, ...]


def packaged_models() -> dict[str, Packaged]:
    """Every packaged model of `data/models.toml`, by name; raises BadInput where the file is broken."""
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
