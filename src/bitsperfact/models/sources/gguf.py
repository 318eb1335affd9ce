"""Models in a `.gguf` file, converted once per machine."""

from pathlib import Path

from bitsperfact.errors import BadInput
from bitsperfact.models.fingerprint import remembered_sha256
from bitsperfact.models.sources import Source
from bitsperfact.models.spec import ModelSpec
from bitsperfact.models.store import Record, build_once


class _Gguf(Source):
    form = "a .gguf file"

    def claims(self, name: str) -> bool:
        path = Path(name).expanduser()
        return path.suffix == ".gguf" and not path.is_dir()

    def folder(self, spec: ModelSpec) -> Path:
        from bitsperfact.models.convert import CONVERTER, convert

        path = _file(spec)
        sha256 = remembered_sha256(path)

        def build(partial: Path) -> Record:
            return convert(path, partial, source=path.name, revision=sha256[:12])

        return build_once(f"{path.stem}-{sha256[:12]}-v{CONVERTER}", build)

    def stored_bits(self, spec: ModelSpec) -> float:
        from bitsperfact.models.gguf_header import read_header

        return read_header(_file(spec)).memory_bits


def _file(spec: ModelSpec) -> Path:
    path = Path(spec.name).expanduser()
    if not path.is_file():
        raise BadInput(path, "a .gguf file", "no such file")
    return path.resolve()


SOURCE = _Gguf()
