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
        return path.suffix == ".gguf" and not path.is_dir() and (":" not in name or path.is_file())

    def folder(self, spec: ModelSpec) -> Path:
        path = _file(spec)
        return converted_folder(path, path.stem, source=path.name)

    def stored_bits(self, spec: ModelSpec) -> float:
        return bits_of_file(_file(spec))


def converted_folder(path: Path, name: str, *, source: str, revision: str | None = None) -> Path:
    """Return the folder of a GGUF file's model, called after `name` and the file's hash; convert it if need be.

    `source` and `revision` (the hash where there is none) go into its record. Raises BadInput for a file that
    cannot be converted, Unavailable where the disk refuses.
    """
    from bitsperfact.models.convert import CARRIED, CONVERTER, convert

    sha256 = remembered_sha256(path)[:12]

    def build(partial: Path) -> Record:
        return convert(path, partial, source=source, revision=revision or sha256)

    return build_once(f"{name}-{sha256}-v{CONVERTER}.{CARRIED}", build)


def bits_of_file(path: Path) -> float:
    """Return what the tensors of a GGUF file take in it (bits)."""
    from bitsperfact.models.gguf_header import read_header

    return read_header(path).memory_bits


def _file(spec: ModelSpec) -> Path:
    path = Path(spec.name).expanduser()
    if not path.is_file():
        raise BadInput(path, "a .gguf file", "no such file (one on the Hub is called org/name:file.gguf)")
    return path.resolve()


SOURCE = _Gguf()
