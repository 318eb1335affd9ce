"""Which head a model was saved with: one that foretells tokens, or one logit that judges a whole text."""

import json
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput

_CLASSIFIER = "ForSequenceClassification"


def judges_texts(architecture: str) -> bool:
    """Whether a model of this class judges whole texts, by its name in transformers."""
    return architecture.endswith(_CLASSIFIER)


def auto_class(folder: Path) -> Any:
    """The class of transformers that opens a checked folder's model: with the head that it was saved with."""
    import transformers

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    judges = any(judges_texts(str(name)) for name in config.get("architectures") or [])
    return transformers.AutoModelForSequenceClassification if judges else transformers.AutoModelForCausalLM


def check_head(folder: Path, config: dict[str, Any]) -> None:
    """Raise BadInput where a folder's model neither foretells tokens nor judges texts by one logit."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as HEADS

    if "AutoModelForCausalLM" in (config.get("auto_map") or {}):
        return
    names = [str(name) for name in config.get("architectures") or []]
    if any(judges_texts(name) for name in names):
        _check_labels(folder, config)
    elif not any(name in HEADS.values() for name in names) and (names or config.get("model_type") not in HEADS):
        got = ", ".join(names) or repr(config.get("model_type"))
        head = f"a causal language-model head (...ForCausalLM), or one logit (...{_CLASSIFIER})"
        raise BadInput(folder, f"a model with {head}", got)


def _check_labels(folder: Path, config: dict[str, Any]) -> None:
    # The labels' names are where transformers stores how many there are; without them there are two.
    count = len(config["id2label"]) if isinstance(config.get("id2label"), dict) else 2
    if count != 1:
        raise BadInput(folder, "a classifier with one logit (num_labels 1)", f"one with {count}")
