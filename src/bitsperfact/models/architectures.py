"""What a folder's config says its network is: how transformers opens it, every shape, no weight.

A model either continues texts (a causal language model) or gives a whole text one logit (a sequence classifier).
Of a model of images or sound only the part that text goes through is opened, where transformers has it as a model
of its own; else the whole, of which that part is counted.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitsperfact.errors import BadInput
from bitsperfact.models.quiet import quiet

if TYPE_CHECKING:
    import torch

_CLASSIFIER = "ForSequenceClassification"
_EXPERTS_PER_TOKEN = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k", "top_k_experts")
_HEAD = f"a causal language-model head (...ForCausalLM), or one logit (...{_CLASSIFIER})"


def is_classifier(architecture: str) -> bool:
    """Return whether a model of this class is a sequence classifier, by its name in transformers."""
    return architecture.endswith(_CLASSIFIER)


@dataclass(frozen=True)
class OpeningPlan:
    """How transformers opens a checked folder: `auto`, the auto class, and `config`, that of what is opened.

    `is_part`: the config is that of the text part of a larger model, whose weights have longer names.
    """

    folder: Path
    auto: Any
    config: Any
    is_part: bool
    trust_remote_code: bool

    @cached_property
    def skeleton(self) -> Any:
        """The model on no device: every shape, no weight. Raises BadInput where transformers cannot build it."""
        import torch

        try:
            with quiet(), torch.device("meta"):
                return self.auto.from_config(self.config, trust_remote_code=self.trust_remote_code)
        except unfit() as error:
            raise BadInput(self.folder / "config.json", "a config that transformers can build", error) from None

    @property
    def renamed(self) -> dict[str, str] | None:
        """Patterns of names in the files -> what the opened model calls them; None where they are the same."""
        if not self.is_part:
            return None
        base, prefix, heads = self._prefixes
        return {f"^{re.escape(prefix)}": base} | {
            f"^{re.escape(before)}(?={re.escape(head)})": "" for head, before in heads.items()
        }

    @property
    def is_stored(self) -> bool:
        """Whether the files hold a text part under its names and a prefix; experts may be stored apart."""
        base, prefix, heads = self._prefixes
        names = {
            prefix + name.removeprefix(base) if name.startswith(base) else heads.get(name, "") + name
            for name, _ in self.skeleton.named_parameters()
            if "experts" not in name
        }
        stored = _stored_names(self.folder)
        return not stored or names <= stored

    @cached_property
    def _prefixes(self) -> tuple[str, str, dict[str, str]]:
        """What precedes a text part's names: in the opened model, in the files, and there those of its heads.

        In the files it is `language_model.model.`, `model.text_model.` or the like: the prefix under which most of
        the names are found.
        """
        stored, base = _stored_names(self.folder), f"{self.skeleton.base_model_prefix}."
        names = [name for name, _ in self.skeleton.named_parameters()]
        inner = {name.removeprefix(base) for name in names if name.startswith(base)}
        outer = {name for name in names if not name.startswith(base)} - stored
        found = Counter(before for name in stored for before, rest in _cuts(name) if rest in inner)
        heads = {rest: before for name in stored for before, rest in _cuts(name) if rest in outer}
        return base, found.most_common(1)[0][0] if found else base, heads

    def count_parameters(self) -> int:
        """Return the number of weights that text goes through, tied matrices once (1)."""
        if self.auto.__name__ != "AutoModelForMultimodalLM":
            return count_parameters(self.skeleton)
        network = self.skeleton
        parts = (network.get_decoder(), network.get_input_embeddings(), network.get_output_embeddings())
        weights = {id(weight): weight for part in parts if part is not None for weight in part.parameters()}
        return sum(weight.numel() for weight in weights.values())

    def count_active(self) -> int | None:
        """Return the number of weights that one token goes through (1); None where all tokens go through all.

        Of the E experts of a layer a token is sent to k: their weights count k/E of what is stored.
        """
        chosen = setting(self.config, *_EXPERTS_PER_TOKEN)
        stored: dict[str, list[tuple[str, torch.Tensor]]] = {}
        for name, weight in self.skeleton.named_parameters():
            layer, found, rest = name.rpartition("experts.")
            if found and (not layer or layer.endswith(".")):  # not the shared ones
                stored.setdefault(layer, []).append((rest.partition(".")[0], weight))
        unused = 0
        for weights in stored.values():
            apart = {number for number, _ in weights if number.isdigit()}
            n_experts = len(apart) or max(len(weight) for _, weight in weights)
            unused += sum(weight.numel() for _, weight in weights) * max(0, n_experts - chosen) // n_experts
        return self.count_parameters() - unused if unused and chosen else None


def plan(folder: Path, *, trust_remote_code: bool = False) -> OpeningPlan:
    """Return how a checked folder is opened.

    Raises BadInput where transformers cannot read its config, or that says that the model is not causal.
    """
    import transformers

    try:
        with quiet():
            config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except unfit() as error:
        raise BadInput(folder / "config.json", "a config that transformers can build", error) from None
    if any(map(is_classifier, config.architectures or [])):
        return OpeningPlan(
            folder, transformers.AutoModelForSequenceClassification, config, False, trust_remote_code
        )
    as_it_is = OpeningPlan(folder, transformers.AutoModelForCausalLM, config, False, trust_remote_code)
    if trust_remote_code and "AutoModelForCausalLM" in (getattr(config, "auto_map", None) or {}):
        return as_it_is
    part = _text_part(config)
    planned = as_it_is if part is None else replace(as_it_is, config=part, is_part=True)
    if getattr(planned.config, "use_bidirectional_attention", None) in (True, "all"):
        got = "use_bidirectional_attention, by which tokens see later ones"
        raise BadInput(folder, "a causal language model", got)
    if part is None and type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        _check_whole(folder, config)
    elif part is None or planned.is_stored or type(config) not in transformers.MODEL_FOR_MULTIMODAL_LM_MAPPING:
        return planned
    return replace(as_it_is, auto=transformers.AutoModelForMultimodalLM)


def _stored_names(folder: Path) -> set[str]:
    from safetensors import safe_open

    names: set[str] = set()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="np") as stored:
            names.update(stored.keys())
    return names


def _cuts(name: str) -> list[tuple[str, str]]:
    """Cut a dotted name in two at each of its parts, the first of them too: what stands before, the rest."""
    return [(name[: match.end()], name[match.end() :]) for match in re.finditer(r"^|\.", name)]


def _text_part(config: Any) -> Any:
    """Return the config of a larger model's text part where it is a causal model of its own, else None."""
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING as CAUSAL

    part = getattr(config, "text_config", None)
    if part is None or part.is_encoder_decoder:
        return None
    own = CAUSAL.get(type(config), None)
    if type(part) not in CAUSAL and getattr(own, "config_class", None) is not type(part):
        return None
    if hasattr(config, "tie_word_embeddings"):  # the larger model decides; its part may not state it
        part.tie_word_embeddings = config.tie_word_embeddings
    if (packed := getattr(config, "quantization_config", None)) is not None:
        part.quantization_config = packed
    return part if type(part) in CAUSAL else config  # of the latter the auto class takes the part itself


def _check_whole(folder: Path, config: Any) -> None:
    from transformers import MODEL_FOR_MULTIMODAL_LM_MAPPING as WRAPPERS

    part, names = getattr(config, "text_config", None), config.architectures or []
    encodes = config.is_encoder_decoder or getattr(part, "is_encoder_decoder", False)
    continues = part is not None or any(name.endswith("ForCausalLM") for name in names)
    if encodes or not continues or type(config) not in WRAPPERS:
        got = ", ".join(names) or repr(config.model_type)
        raise BadInput(folder, f"a model with {_HEAD}", got)


def check_head(folder: Path, config: dict[str, Any]) -> None:
    """Raise BadInput where a folder's model is neither a causal language model nor a classifier with one logit.

    A model of images or sound may have the former; its config as transformers reads it decides (see `plan`).
    """
    from transformers.models.auto import modeling_auto as auto

    if "AutoModelForCausalLM" in (config.get("auto_map") or {}):
        return
    names = [str(name) for name in config.get("architectures") or []]
    if any(map(is_classifier, names)):
        _check_labels(folder, config)
        return
    kinds = (auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES)
    heads = {head: kind for each in kinds for kind, head in each.items()}
    if not any(name in heads for name in names) and (names or config.get("model_type") not in heads.values()):
        got = ", ".join(names) or repr(config.get("model_type"))
        raise BadInput(folder, f"a model with {_HEAD}", got)


def _check_labels(folder: Path, config: dict[str, Any]) -> None:
    # The labels' names are where transformers stores how many there are; without them there are two.
    count = len(config["id2label"]) if isinstance(config.get("id2label"), dict) else 2
    if count != 1:
        raise BadInput(folder, "a classifier with one logit (num_labels 1)", f"one with {count}")


def skeleton(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """Return the model that a folder's config describes, on no device: every shape, no weight.

    Raises BadInput where transformers cannot build it.
    """
    return plan(folder, trust_remote_code=trust_remote_code).skeleton


def count_parameters(model: "torch.nn.Module") -> int:
    """Return the number of parameters, tied matrices once (1)."""
    return sum(weight.numel() for weight in model.parameters())


def setting(config: Any, *names: str) -> int:
    """Return a number of a model's config under the first of these names that it has: the largest of its layers'.

    0 where it has none. Some configs hold a number for each layer, as a list or in configs of the layers; asked
    for one number of the whole, those raise an error of transformers' own.
    """
    for name in names:
        values = _values(config, name)
        if numbers := [int(value) for value in values if isinstance(value, int | float)]:
            return max(numbers)
    return 0


def _values(config: Any, name: str) -> list[Any]:
    try:
        value = getattr(config, name, None)
    except unfit():
        return [getattr(layer, name, None) for layer in config.per_layer_config]
    return list(value) if isinstance(value, list | tuple) else [value]


def unfit() -> tuple[type[Exception], ...]:
    """Return what transformers raises for a config, a tokenizer or weights that it cannot use.

    No list of its own errors would be whole, and code that a model brings may raise anything.
    """
    return (Exception,)
