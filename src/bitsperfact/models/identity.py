"""Who a model is, learnt without loading its weights."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bitsperfact.errors import BadInput
from bitsperfact.files import write_text
from bitsperfact.locations import cache_folder
from bitsperfact.models.fingerprint import fingerprint
from bitsperfact.models.names import resolve
from bitsperfact.models.skeleton import skeleton
from bitsperfact.models.store import record_of
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    import torch

DTYPES = ("float32", "bfloat16", "float16")


def describe(
    name: str, *, dtype: str = "float32", trust_remote_code: bool = False, allow_pickle: bool = False
) -> ModelInfo:
    """The `info` that `load` would give, without loading weights. Raises BadInput as `load` does."""
    check_dtype(dtype)
    folder = resolve(name, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    return info_of(folder, name, dtype, trust_remote_code=trust_remote_code)


def check_dtype(dtype: str) -> None:
    """Raise BadInput where `dtype` is none of DTYPES."""
    if dtype not in DTYPES:
        raise BadInput("dtype", f"one of {', '.join(DTYPES)}", repr(dtype))


def info_of(folder: Path, name: str, dtype: str, *, trust_remote_code: bool) -> ModelInfo:
    """What is known of a resolved folder; `n_params` counts tied matrices once."""
    pinned = fingerprint(folder)
    if record := record_of(folder):
        return ModelInfo(name, record.revision, pinned, record.n_params, dtype, record.architecture)
    n_params, architecture = _size(folder, pinned, trust_remote_code)
    return ModelInfo(name, _revision(folder, pinned), pinned, n_params, dtype, architecture)


def _revision(folder: Path, pinned: str) -> str:
    """Commit of a Hub snapshot, otherwise the first digits of the fingerprint."""
    is_commit = folder.parent.name == "snapshots" and re.fullmatch(r"[0-9a-f]{40}", folder.name)
    return folder.name if is_commit else pinned[:12]


def _size(folder: Path, pinned: str, trust_remote_code: bool) -> tuple[int, str]:
    """Parameters and class of the model, remembered by fingerprint."""
    memory = cache_folder() / "sizes" / f"{pinned}-2.json"
    try:
        n_params, architecture = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        n_params, architecture = _measure(folder, trust_remote_code)
        write_text(memory, json.dumps([n_params, architecture]))
    return n_params, architecture


def _measure(folder: Path, trust_remote_code: bool) -> tuple[int, str]:
    # The files cannot be counted instead: old checkpoints store masks, and some store tied matrices twice.
    model = skeleton(folder, trust_remote_code=trust_remote_code)
    return count_parameters(model), type(model).__name__


def count_parameters(model: "torch.nn.Module") -> int:
    """Number of parameters, tied matrices once (1)."""
    return sum(weight.numel() for weight in model.parameters())
