"""From a model's name to its folder, and what can be said of it without loading its weights."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text, write_text
from bitsperfact.locations import cache_folder
from bitsperfact.models.adapters import (
    adapter_fingerprint,
    adapter_folder,
    adapter_tensors,
    base_of,
    check_adapter,
    has_weights,
    is_adapter,
    parts,
)
from bitsperfact.models.architectures import plan
from bitsperfact.models.checks import check_config, check_folder
from bitsperfact.models.fingerprint import fingerprint
from bitsperfact.models.quantising import (
    check_quantise,
    check_unquantised,
    quantised_bits,
    quantised_fingerprint,
)
from bitsperfact.models.safetensors_header import tensors_of
from bitsperfact.models.sources import source_of
from bitsperfact.models.spec import DTYPE_BITS, ModelSpec, spec_of
from bitsperfact.models.store import record_of
from bitsperfact.tables import ModelInfo


@dataclass(frozen=True)
class ModelFiles:
    """Where a model lies: the `folder` of `base`, and that of the `adapter` on it, None where there is none."""

    base: ModelSpec
    folder: Path
    adapter: Path | None = None

    @property
    def are_here(self) -> bool:
        """Whether this machine has them."""
        return self.folder.is_dir() and (self.adapter is None or self.adapter.is_dir())


def located(model: ModelSpec | str) -> ModelFiles:
    """Find a model, fetched or converted first if need be, and its adapter. Raises as `resolve` does."""
    spec = spec_of(model)
    check_quantise(spec)
    name, named = parts(spec.name)
    adapter = adapter_folder(replace(spec, name=named)) if named is not None else None
    base = replace(spec, name=name)
    folder = source_of(name).folder(base)
    if is_adapter(folder) and not has_weights(folder):
        if adapter is not None:
            raise BadInput(f"model {spec.name}", "a base before the plus sign", f"another adapter, {name!r}")
        adapter, base = folder, replace(spec, name=base_of(folder, name))
        folder = source_of(base.name).folder(base)
        if is_adapter(folder) and not has_weights(folder):
            raise BadInput(f"adapter {name}", "a whole model for its base", f"another adapter, {base.name!r}")
    elif is_adapter(folder) and adapter is None:
        adapter = folder  # as transformers does, where peft is installed
    if record_of(folder) is None:  # what this package built needs no second look
        config = check_folder(folder, trust_remote_code=spec.trust_remote_code, allow_pickle=spec.allow_pickle)
        if spec.quantise is not None:
            check_unquantised(config, f"model {base.name}")
    if adapter is not None:
        check_adapter(adapter, allow_pickle=spec.allow_pickle)
    return ModelFiles(base, folder, adapter)


def resolve(model: ModelSpec | str) -> Path:
    """Return the local folder of a model with config, tokenizer and weights; fetch or convert it first if need be.

    Of an adapted model it is that of its base. Raises BadInput, one line, for whatever cannot be opened;
    Unavailable, a BadInput, where the network or the disk is at fault.
    """
    return located(model).folder


def resolve_config(model: ModelSpec | str) -> Path:
    """Return a folder with at least the config of a model: of one on the Hub no weight is fetched.

    Of an adapted model it is that of its base. Raises as `resolve` does; code that a model brings is never run.
    """
    spec = spec_of(model)
    base = replace(spec, name=parts(spec.name)[0])
    folder = source_of(base.name).config_folder(base)
    if record_of(folder) is None:
        check_config(folder, trust_remote_code=False)
    return folder


def describe(model: ModelSpec | str) -> ModelInfo:
    """Return the `info` that `load` would give, without loading weights. Raises BadInput as `load` does."""
    spec = spec_of(model)
    return info_of(spec, located(spec))


def info_of(spec: ModelSpec, files: ModelFiles) -> ModelInfo:
    """Return what is known of a model that was found.

    `n_params` counts tied matrices once, and an adapter's own weights beside its base's. `memory_bits` is the
    narrowest form that the weights went through on their way to the scores (bits; derived here): as stored at the
    source (GGUF blocks, a checkpoint's bfloat16), in the dtype they are scored in, or quantised; and what the
    adapter stores. Conversion to float32 adds nothing to what a weight knows. Whatever changes the numbers, an
    adapter or a copy, changes the fingerprint.
    """
    base, folder = files.base, files.folder
    pinned, record = fingerprint(folder), record_of(folder)
    if record is not None:
        revision, n_params, architecture = record.revision, record.n_params, record.architecture
        active_params = None
    else:
        revision = _revision(folder, pinned)
        n_params, architecture, active_params = _size(folder, pinned, spec.trust_remote_code)
    memory_bits = record.memory_bits if record else None
    if memory_bits is None:
        memory_bits = source_of(base.name).stored_bits(base)
    if memory_bits is None:
        memory_bits = stored_bits(folder, n_params)
    if memory_bits is not None:
        memory_bits = _opened_bits(spec, folder, n_params, float(memory_bits))
    name = spec.name
    if files.adapter is not None:
        own = adapter_fingerprint(files.adapter)
        revision, pinned = f"{revision}+{_revision(files.adapter, own)}", sha256_of_text(pinned, "adapter", own)
        tensors = adapter_tensors(files.adapter)
        own_params = sum(each.n for each in tensors)
        n_params += own_params
        if active_params is not None:
            active_params += own_params
        if memory_bits is not None:
            memory_bits += sum(each.n * each.bits for each in tensors)
    if spec.quantise is not None:
        name, pinned = f"{name} ({spec.quantise})", quantised_fingerprint(pinned, spec.quantise)
    return ModelInfo(
        name, revision, pinned, n_params, spec.dtype, architecture, memory_bits, active_params=active_params
    )


def _opened_bits(spec: ModelSpec, folder: Path, n_params: int, stored: float) -> float:
    """Bits of the base's weights in the narrowest form that they went through, from `stored` at the source."""
    if spec.quantise is None:
        return min(stored, float(DTYPE_BITS[spec.dtype] * n_params))
    network = plan(folder, trust_remote_code=spec.trust_remote_code).skeleton
    return quantised_bits(network, spec, stored / n_params)


def stored_bits(folder: Path, n_params: int) -> float | None:
    """Return what a folder's safetensors spend on `n_params` weights (bits); None where it has none.

    The mean over what they hold, times `n_params`: some checkpoints store tied matrices twice. Where the weights
    are packed (a config with `quantization_config`), all tensors count as they are.
    """
    files = [path for path in sorted(folder.glob("*.safetensors")) if not path.name.startswith("adapter_")]
    tensors = [tensor for path in files for tensor in tensors_of(path)]
    if "quantization_config" in json.loads((folder / "config.json").read_text(encoding="utf-8")):
        return float(sum(each.n * each.bits for each in tensors)) or None
    weights = [each for each in tensors if each.is_weight]
    if not weights:
        return None
    return n_params * sum(each.n * each.bits for each in weights) / sum(each.n for each in weights)


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
