"""From a model's name to its folder, and what can be said of it without loading its weights."""

import json
import re
from pathlib import Path

from bitsperfact.files import write_text
from bitsperfact.locations import cache_folder
from bitsperfact.models.architectures import plan
from bitsperfact.models.checks import check_config, check_folder
from bitsperfact.models.fingerprint import fingerprint
from bitsperfact.models.sources import source_of
from bitsperfact.models.spec import DTYPE_BITS, ModelSpec, spec_of
from bitsperfact.models.store import record_of
from bitsperfact.tables import ModelInfo

#: Bits of what safetensors hold of a network; masks and indices, which are integers, teach it nothing.
_STORED_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8}


def resolve(model: ModelSpec | str) -> Path:
    """Return the local folder of a model with config, tokenizer and weights; fetch or convert it first if need be.

    Raises BadInput, one line, for whatever cannot be opened; Unavailable, a BadInput, where the network or the
    disk is at fault.
    """
    spec = spec_of(model)
    folder = source_of(spec.name).folder(spec)
    if record_of(folder) is None:  # what this package built needs no second look
        check_folder(folder, trust_remote_code=spec.trust_remote_code, allow_pickle=spec.allow_pickle)
    return folder


def resolve_config(model: ModelSpec | str) -> Path:
    """Return a folder with at least the config of a model: of one on the Hub no weight is fetched.

    Raises as `resolve` does; code that a model brings is never run.
    """
    spec = spec_of(model)
    folder = source_of(spec.name).config_folder(spec)
    if record_of(folder) is None:
        check_config(folder, trust_remote_code=False)
    return folder


def describe(model: ModelSpec | str) -> ModelInfo:
    """Return the `info` that `load` would give, without loading weights. Raises BadInput as `load` does."""
    spec = spec_of(model)
    return info_of(spec, resolve(spec))


def info_of(spec: ModelSpec, folder: Path) -> ModelInfo:
    """Return what is known of a resolved folder.

    `n_params` counts tied matrices once. `memory_bits` is the narrowest form that the weights went through on
    their way to the scores (bits; derived here): as stored at the source (GGUF blocks, a checkpoint's bfloat16)
    or in the dtype they are scored in. Conversion to float32 adds nothing to what a weight knows.
    """
    pinned, record = fingerprint(folder), record_of(folder)
    if record is not None:
        revision, n_params, architecture = record.revision, record.n_params, record.architecture
        active_params = None
    else:
        revision = _revision(folder, pinned)
        n_params, architecture, active_params = _size(folder, pinned, spec.trust_remote_code)
    stored = record.memory_bits if record else None
    if stored is None:
        stored = source_of(spec.name).stored_bits(spec)
    if stored is None:
        stored = stored_bits(folder, n_params)
    opened = float(DTYPE_BITS[spec.dtype] * n_params)
    memory_bits = None if stored is None else min(float(stored), opened)
    return ModelInfo(
        spec.name, revision, pinned, n_params, spec.dtype, architecture, memory_bits, active_params=active_params
    )


def stored_bits(folder: Path, n_params: int) -> float | None:
    """Return what a folder's safetensors spend on `n_params` weights (bits); None where it has none.

    The mean over what they hold, times `n_params`: some checkpoints store tied matrices twice. Where the weights
    are packed (a config with `quantization_config`), all tensors count as they are.
    """
    tensors = [tensor for path in sorted(folder.glob("*.safetensors")) for tensor in _tensors(path)]
    if "quantization_config" in json.loads((folder / "config.json").read_text(encoding="utf-8")):
        return 8.0 * sum(n_bytes for _, n_bytes in tensors) or None
    weights = [(8 * n_bytes, _STORED_BITS[dtype]) for dtype, n_bytes in tensors if dtype in _STORED_BITS]
    if not weights:
        return None
    return n_params * sum(bits for bits, _ in weights) / sum(bits / each for bits, each in weights)


def _tensors(path: Path) -> list[tuple[str, int]]:
    """Type and size in bytes of each tensor, from the file's header alone."""
    with path.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    entries = [entry for name, entry in header.items() if name != "__metadata__"]
    return [(entry["dtype"], entry["data_offsets"][1] - entry["data_offsets"][0]) for entry in entries]


def _revision(folder: Path, pinned: str) -> str:
    """Commit of a Hub snapshot, otherwise the first digits of the fingerprint."""
    is_commit = folder.parent.name == "snapshots" and re.fullmatch(r"[0-9a-f]{40}", folder.name)
    return folder.name if is_commit else pinned[:12]


def _size(folder: Path, pinned: str, trust_remote_code: bool) -> tuple[int, str, int | None]:
    """Parameters and class of the model, and the parameters that a token passes; remembered by fingerprint."""
    memory = cache_folder() / "sizes" / f"{pinned}-3.json"
    try:
        n_params, architecture, active = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        # The files cannot be counted instead: old checkpoints store masks, and some store tied matrices twice.
        planned = plan(folder, trust_remote_code=trust_remote_code)
        n_params, active = planned.count_parameters(), planned.count_active()
        architecture = type(planned.skeleton).__name__
        write_text(memory, json.dumps([n_params, architecture, active]))
    return n_params, architecture, active
