"""From a model's name to a model that is ready to score."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitsperfact.errors import BadInput
from bitsperfact.models.heads import auto_class
from bitsperfact.models.identity import check_dtype, info_of
from bitsperfact.models.names import resolve
from bitsperfact.models.quiet import quiet
from bitsperfact.models.skeleton import unfit
from bitsperfact.models.store import record_of
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode, without gradients; `device` is where its inputs belong.

    It foretells tokens (a causal language model) or, where `info.architecture` says ...ForSequenceClassification,
    judges whole texts by one logit.
    """

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    info: ModelInfo
    device: "torch.device"


def load(
    name: str,
    *,
    dtype: str = "float32",
    device: str = "auto",
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> LoadedModel:
    """Open a model by name (see `resolve`).

    `dtype` is float32, bfloat16 or float16. `device` is `cpu`, `cuda`, `cuda:1`, `mps` or `auto`: every GPU there
    is and, where those are too small, main memory and disk. Raises BadInput for what cannot be opened.
    """
    check_dtype(dtype)
    placement = _placement(device)
    folder = resolve(name, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    with quiet():
        tokenizer = _tokenizer(folder, trust_remote_code)
        model = _model(
            folder,
            dtype=dtype,
            device_map=placement,
            trust_remote_code=trust_remote_code,
            use_safetensors=None if allow_pickle else True,
        )
    model.eval().requires_grad_(False)
    info = info_of(folder, name, dtype, trust_remote_code=trust_remote_code)
    return LoadedModel(model, tokenizer, info, _input_device(model))


def _placement(device: str) -> Any:
    """The `device_map` that a device's name asks for; None loads into main memory without accelerate."""
    import torch

    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise BadInput("device", "auto, cpu, cuda, cuda:N or mps", repr(device))
    if device == "auto":
        if torch.cuda.is_available():
            return "auto"
        return {"": "mps"} if torch.backends.mps.is_available() else None
    if device == "cpu":
        return None
    if device == "mps" and not torch.backends.mps.is_available():
        raise BadInput("device", "a device of this machine", "mps, which it has not")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= count:
        raise BadInput("device", f"a device of this machine ({count} CUDA devices)", device)
    return {"": device}


def _tokenizer(folder: Path, trust_remote_code: bool) -> Any:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    # The folders built here hold the whole pipeline, which a family's own class would rebuild in its own way.
    if record_of(folder):
        return PreTrainedTokenizerFast.from_pretrained(folder)
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except unfit() as error:
        raise BadInput(folder, "a tokenizer that transformers can read", error) from None


def _model(folder: Path, **options: Any) -> Any:
    import torch

    options["dtype"] = getattr(torch, options["dtype"])
    try:
        model, report = auto_class(folder).from_pretrained(
            folder, local_files_only=True, output_loading_info=True, **options
        )
    except torch.OutOfMemoryError:
        raise BadInput(folder, "a model that fits (device auto spreads it)", "out of GPU memory") from None
    except unfit() as error:
        raise BadInput(folder, "a model that transformers can open", error) from None
    # transformers would fill the gaps with random numbers and a warning.
    if gaps := sorted(report["missing_keys"]):
        raise BadInput(folder, "every weight of the model", f"none for {', '.join(gaps)}")
    return model


def _input_device(model: Any) -> "torch.device":
    import torch

    embedding = model.get_input_embeddings()
    # An offloaded layer's weights sit on `meta` until its hook fetches them to the device that it computes on.
    computes_on = getattr(getattr(embedding, "_hf_hook", None), "execution_device", None)
    return torch.device(computes_on) if computes_on is not None else embedding.weight.device
