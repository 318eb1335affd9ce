"""From a model's name to a model that is ready to score."""

import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitsperfact.errors import BadInput
from bitsperfact.models.adapters import applied, tokenizer_folder, without_adapter
from bitsperfact.models.architectures import plan, unfit
from bitsperfact.models.describing import ModelFiles, info_of, located
from bitsperfact.models.inputs import ModelInputs, max_tokens
from bitsperfact.models.quantising import quantisation_config
from bitsperfact.models.quiet import quiet
from bitsperfact.models.spec import ModelSpec, spec_of
from bitsperfact.models.tokenizers import open_tokenizer
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode, without gradients; `device` is where its inputs belong.

    It is a causal language model or, where `models.is_classifier(info.architecture)`, a sequence classifier with
    one logit.
    """

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    info: ModelInfo
    device: "torch.device"


@dataclass(frozen=True)
class Opener:
    """Open a model when called, in whichever process and on whichever machine that is.

    `files`: where the name was found; where they are not there, another machine finds the name anew.
    """

    spec: ModelSpec
    info: ModelInfo
    files: ModelFiles

    def __call__(self) -> LoadedModel:
        """Return the loaded model; raise BadInput where it cannot be opened or is no longer the one described."""
        _placement(self.spec.device)
        files = self.files if self.files.are_here else located(self.spec)
        found = info_of(self.spec, files)
        # Another machine may hold another version under the name, and results are named by the fingerprint.
        if found.fingerprint != self.info.fingerprint:
            where = f"model {self.info.name} on {platform.node()}"
            raise BadInput(where, f"fingerprint {self.info.fingerprint}", found.fingerprint)
        return _opened(self.spec, files, found)

    def inputs(self) -> ModelInputs:
        """Return what the model takes in, without opening its weights; raise BadInput as opening it does."""
        files = self.files if self.files.are_here else located(self.spec)
        with quiet():
            planned = plan(files.folder, trust_remote_code=self.spec.trust_remote_code)
            return ModelInputs(_tokenizer(self.spec, files), max_tokens(planned.config))

    def in_dtype(self, dtype: str) -> "Opener":
        """Return an opener of the same model in another precision."""
        spec = replace(self.spec, dtype=dtype)
        return Opener(spec, info_of(spec, self.files), self.files)


def opener(model: ModelSpec | str) -> Opener:
    """Find a model and say what it is; return what opens it. Raises BadInput for what cannot be found."""
    spec = spec_of(model)
    files = located(spec)
    return Opener(spec, info_of(spec, files), files)


def load(model: ModelSpec | str) -> LoadedModel:
    """Open a model: by name, in float32, or as a `ModelSpec` says. Raises BadInput for what cannot be opened."""
    spec = spec_of(model)
    _placement(spec.device)  # before anything is fetched
    files = located(spec)
    return _opened(spec, files, info_of(spec, files))


def _opened(spec: ModelSpec, files: ModelFiles, info: ModelInfo) -> LoadedModel:
    with quiet():
        tokenizer = _tokenizer(spec, files)
        model = _adapted(spec, files)
    model.eval().requires_grad_(False)
    return LoadedModel(model, tokenizer, info, _input_device(model))


def _placement(device: str) -> Any:
    """Return the `device_map` that a device's name asks for; None loads into main memory without accelerate."""
    import torch

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


def _tokenizer(spec: ModelSpec, files: ModelFiles) -> Any:
    return open_tokenizer(tokenizer_folder(files.folder, files.adapter), spec.trust_remote_code)


def _adapted(spec: ModelSpec, files: ModelFiles) -> Any:
    """Return the model with its adapter: merged in float32, as small changes would be lost in reduced precision.

    Quantised weights take no change; there the adapter's layers stay around them.
    """
    import torch

    if files.adapter is None:
        return _model(spec, files.folder)
    if spec.quantise is not None:
        return applied(_model(spec, files.folder), files.adapter, merge=False)
    model = applied(_model(replace(spec, dtype="float32"), files.folder), files.adapter, merge=True)
    for weight in model.parameters():
        weight.data = weight.data.to(getattr(torch, spec.dtype))
    return model


def _model(spec: ModelSpec, folder: Path) -> Any:
    import torch

    planned = plan(folder, trust_remote_code=spec.trust_remote_code)
    placement, packed = _placement(spec.device), quantisation_config(spec)
    if packed is not None and placement is None:
        placement = {"": "cpu"}  # left alone, some libraries choose a GPU
    try:
        with without_adapter(folder) as bare:
            model, report = planned.auto.from_pretrained(
                bare,
                config=planned.config,
                key_mapping=planned.renamed,
                dtype=getattr(torch, spec.dtype),
                device_map=placement,
                trust_remote_code=spec.trust_remote_code,
                use_safetensors=None if spec.allow_pickle else True,
                local_files_only=True,
                output_loading_info=True,
                **({} if packed is None else {"quantization_config": packed}),
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

    try:
        embedding = model.get_input_embeddings()
    except unfit():  # a model's own code may not say
        return torch.device(model.device)
    # An offloaded layer's weights sit on `meta` until its hook fetches them to the device that it computes on.
    computes_on = getattr(getattr(embedding, "_hf_hook", None), "execution_device", None)
    return torch.device(computes_on) if computes_on is not None else embedding.weight.device
