"""The head of a GGUF file, checked before anything is spent on its body."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput

_MAGIC = b"GGUF"


@dataclass(frozen=True)
class Header:
    """`architecture` in llama.cpp's spelling, scalar `tokenizer.*` fields without prefix, vocabulary size.

    `memory_bits`: what all tensors take as they are quantised, scales included (bits).
    """

    architecture: str
    tokenizer: dict[str, Any]
    n_tokens: int
    memory_bits: float


def read_header(path: Path) -> Header:
    """Read and check a GGUF file; raise BadInput where it is none, cut short, or of an unknown architecture."""
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic != _MAGIC:
        raise BadInput(path, "a GGUF file (first four bytes b'GGUF')", repr(magic))
    reader = _read(path)
    architecture = _field(reader, path, "general.architecture")
    _check_architecture(path, architecture)
    prefix = "tokenizer."
    scalars = {
        name.removeprefix(prefix): field.contents()
        for name, field in reader.fields.items()
        if name.startswith(prefix) and len(field.data) == 1
    }
    tokens = reader.get_field("tokenizer.ggml.tokens")
    if tokens is None:
        raise BadInput(path, "a GGUF file with a vocabulary", "no tokenizer.ggml.tokens")
    memory_bits = 8.0 * sum(int(tensor.n_bytes) for tensor in reader.tensors)
    return Header(architecture, scalars, len(tokens.data), memory_bits)


def _read(path: Path) -> Any:
    from gguf import GGUFReader

    size = path.stat().st_size
    try:
        reader = GGUFReader(path)
        end = max((int(t.data_offset + t.n_bytes) for t in reader.tensors), default=0)
    except (ValueError, IndexError, KeyError, OverflowError, UnicodeDecodeError) as error:
        raise BadInput(
            path, "a whole GGUF file", f"{size} bytes that end too early or are damaged ({error})"
        ) from None
    if end == 0:
        raise BadInput(path, "a GGUF file with weights", "no tensor")
    if end > size:
        raise BadInput(path, f"a whole GGUF file of at least {end} bytes", f"{size} bytes")
    return reader


def _field(reader: Any, path: Path, name: str) -> str:
    field = reader.get_field(name)
    if field is None:
        raise BadInput(path, f"a GGUF file that states {name}", "no such field")
    return str(field.contents())


def _check_architecture(path: Path, architecture: str) -> None:
    from transformers.integrations.gguf import GGUF_CONFIG_ARCHS
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    # transformers rewrites some of llama.cpp's names before it looks them up.
    spelled = {architecture, architecture.replace("moe", "_moe"), architecture.replace("-", "_")}
    supported = {*GGUF_SUPPORTED_ARCHITECTURES, *GGUF_CONFIG_ARCHS}
    if not spelled & supported:
        raise BadInput(path, f"one of the GGUF architectures {', '.join(sorted(supported))}", architecture)
