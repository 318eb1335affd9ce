"""What a folder's config says its network is: the head that it was saved with, every shape, no weight.

A model either continues texts (a causal language model) or gives a whole text one logit (a sequence classifier).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitsperfact.errors import BadInput
from bitsperfact.models.quiet import quiet

if TYPE_CHECKING:
    import torch

_CLASSIFIER = "ForSequenceClassification"


def is_classifier(architecture: str) -> bool:
    """Return whether a model of this class is a sequence classifier, by its name in transformers."""
    return architecture.endswith(_CLASSIFIER)


def auto_class(folder: Path) -> Any:
    """Return the class of transformers that opens a checked folder's model, with the head it was saved with."""
    import transformers

    classifies = any(map(is_classifier, _names(json.loads((folder / "config.json").read_text(encoding="utf-8")))))
    return transformers.AutoModelForSequenceClassification if classifies else transformers.AutoModelForCausalLM


def check_head(folder: Path, config: dict[str, Any]) -> None:
    """Raise BadInput where a folder's model is neither a causal language model nor a classifier with one logit."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as HEADS

    if "AutoModelForCausalLM" in (config.get("auto_map") or {}):
        return
    names = _names(config)
    if any(map(is_classifier, names)):
        _check_labels(folder, config)
    elif not any(name in HEADS.values() for name in names) and (names or config.get("model_type") not in HEADS):
        got = ", ".join(names) or repr(config.get("model_type"))
        head = f"a causal language-model head (...ForCausalLM), or one logit (...{_CLASSIFIER})"
        raise BadInput(folder, f"a model with {head}", got)


def _names(config: dict[str, Any]) -> list[str]:
    return [str(name) for name in config.get("architectures") or []]


def _check_labels(folder: Path, config: dict[str, Any]) -> None:
    # The labels' names are where transformers stores how many there are; without them there are two.
    count = len(config["id2label"]) if isinstance(config.get("id2label"), dict) else 2
    if count != 1:
        raise BadInput(folder, "a classifier with one logit (num_labels 1)", f"one with {count}")


def skeleton(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """Return the model that a folder's config describes, on no device: every shape, no weight.

    Raises BadInput where transformers cannot build it.
    """
    import torch
    from transformers import AutoConfig

    try:
        with quiet(), torch.device("meta"):
            config = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
            return auto_class(folder).from_config(config, trust_remote_code=trust_remote_code)
    except unfit() as error:
        raise BadInput(folder / "config.json", "a config that transformers can build", error) from None


def count_parameters(model: "torch.nn.Module") -> int:
    """Return the number of parameters, tied matrices once (1)."""
    return sum(weight.numel() for weight in model.parameters())


def unfit() -> tuple[type[Exception], ...]:
    """Return what transformers raises for a config, a tokenizer or weights that it cannot use."""
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    built_in = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError)
    return (*built_in, StrictDataclassError, SafetensorError)
