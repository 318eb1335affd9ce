"""The head of a GGUF file, checked before anything is spent on its body."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput

_MAGIC = b"GGUF"
#: Tensors that hold no weights, but what each frequency of the rotary position embedding is divided by.
ROTATION_TENSORS = ("rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight")
#: Keys of what is no causal language model by itself, whatever its architecture is called.
_OTHER_KINDS = ("adapter.", "clip.", "diffusion.", "xielu.")


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself: `architecture` in llama.cpp's spelling, `tensors` with numbers of elements.

    `metadata` holds the fields `ARCHITECTURE.*`, `tokenizer` the scalar fields `tokenizer.*`, both without prefix.
    `n_tokens` is the vocabulary's size; `rotation` holds the values of those of `ROTATION_TENSORS` that are there.
    `memory_bits`: what all tensors take as they are quantised, scales included (bits).
    """

    path: Path
    architecture: str
    metadata: dict[str, Any]
    tokenizer: dict[str, Any]
    tensors: dict[str, int]
    rotation: dict[str, list[float]]
    n_tokens: int
    memory_bits: float

    def refuse(self, key: str, expected: str) -> BadInput:
        """Return the error for a field of the architecture's whose value cannot be carried over."""
        return BadInput(self.path, expected, f"{self.architecture}.{key} = {self.metadata.get(key)!r}")


def read_header(path: Path) -> Header:
    """Read and check a GGUF file; raise BadInput where it is none, cut short, in pieces, or of an unknown kind."""
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic != _MAGIC:
        raise BadInput(path, "a GGUF file (first four bytes b'GGUF')", repr(magic))
    reader = _read(path)
    architecture = _field(reader, path, "general.architecture")
    _check_kind(reader, path)
    _check_architecture(path, architecture)
    tokens = reader.get_field("tokenizer.ggml.tokens")
    if tokens is None:
        raise BadInput(path, "a GGUF file with a vocabulary", "no tokenizer.ggml.tokens")
    scalars = {name for name, field in reader.fields.items() if len(field.data) == 1}
    return Header(
        path=path,
        architecture=architecture,
        metadata=_fields(reader, f"{architecture}.", set(reader.fields)),
        tokenizer=_fields(reader, "tokenizer.", scalars),
        tensors={tensor.name: int(tensor.n_elements) for tensor in reader.tensors},
        rotation={t.name: _values(t) for t in reader.tensors if t.name in ROTATION_TENSORS},
        n_tokens=len(tokens.data),
        memory_bits=8.0 * sum(int(tensor.n_bytes) for tensor in reader.tensors),
    )


def _fields(reader: Any, prefix: str, names: set[str]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): field.contents()
        for name, field in reader.fields.items()
        if name.startswith(prefix) and name in names
    }


def _values(tensor: Any) -> list[float]:
    from gguf import dequantize

    return [float(value) for value in dequantize(tensor.data, tensor.tensor_type).ravel()]


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


def _check_kind(reader: Any, path: Path) -> None:
    kind = reader.get_field("general.type")
    if kind is not None and kind.contents() != "model":
        raise BadInput(path, "a GGUF file of general.type model", kind.contents())
    pieces = reader.get_field("split.count")
    if pieces is not None and pieces.contents() > 1:
        whole = "a GGUF file in one piece (llama-gguf-split --merge joins them)"
        raise BadInput(path, whole, f"split.count = {pieces.contents()}")
    if strange := sorted(name for name in reader.fields if name.startswith(_OTHER_KINDS)):
        raise BadInput(path, "a GGUF file of a causal language model", f"the field {strange[0]}")


def _check_architecture(path: Path, architecture: str) -> None:
    from transformers.integrations.gguf import GGUF_CONFIG_ARCHS
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    # transformers rewrites some of llama.cpp's names before it looks them up.
    spelled = {architecture, architecture.replace("moe", "_moe"), architecture.replace("-", "_")}
    supported = {*GGUF_SUPPORTED_ARCHITECTURES, *GGUF_CONFIG_ARCHS}
    if not spelled & supported:
        raise BadInput(path, f"one of the GGUF architectures {', '.join(sorted(supported))}", architecture)
