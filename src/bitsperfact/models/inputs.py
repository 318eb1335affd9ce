"""What a model takes in: its tokenizer, and how many tokens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bitsperfact.models.architectures import setting

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class ModelInputs:
    """A model's `tokenizer`, and `max_tokens`, the most that it reads at once; None where nothing limits it."""

    tokenizer: "PreTrainedTokenizerBase"
    max_tokens: int | None


def max_tokens(config: Any) -> int | None:
    """Return the most tokens that a model of a config reads at once: its positions; None where it has no limit.

    Dynamic NTK scaling stretches them by its factor.
    """
    text = config.get_text_config()
    positions = setting(text, "max_position_embeddings")
    if positions <= 0:
        return None
    parameters = getattr(text, "rope_parameters", None) or {}
    of_layers = [each for each in parameters.values() if isinstance(each, dict)] or [parameters]
    stretched = [each.get("factor") or 1 for each in of_layers if "dynamic" in str(each.get("rope_type"))]
    return int(positions * max([1, *stretched]))
