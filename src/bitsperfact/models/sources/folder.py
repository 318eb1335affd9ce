"""Models in a folder of the user's own."""

from pathlib import Path

from bitsperfact.models.sources import Source
from bitsperfact.models.spec import ModelSpec


class _Folder(Source):
    form = "a folder"

    def claims(self, name: str) -> bool:
        return bool(name) and Path(name).expanduser().is_dir()

    def folder(self, spec: ModelSpec) -> Path:
        return Path(spec.name).expanduser().resolve()


SOURCE = _Folder()
