"""A model's shapes without its weights."""

from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.models.heads import auto_class
from bitsperfact.models.quiet import quiet


def skeleton(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """The model that a folder's config describes, on no device: every shape, no weight.

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


def unfit() -> tuple[type[Exception], ...]:
    """What transformers raises for a config, a tokenizer or weights that it cannot use."""
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    built_in = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError)
    return (*built_in, StrictDataclassError, SafetensorError)
