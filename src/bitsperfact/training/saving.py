"""Trained networks as folders of safetensors: a transformer opens with `transformers`, an MLP with `load_mlp`."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from bitsperfact.files import write_text
from bitsperfact.models.quiet import quiet
from bitsperfact.training.dial import Shape
from bitsperfact.training.facts import LETTERS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_START = "<s>"


def save_network(shape: Shape, member: Mapping[str, Tensor], folder: Path) -> None:
    """Save one member (a stack of one) and, with a transformer, its tokenizer: one token per letter."""
    own = {name: value.detach()[0].contiguous() for name, value in member.items()}
    if shape.architecture == "mlp":
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file(own, folder / "model.safetensors", metadata={"format": "pt"})
        write_text(folder / "shape.json", json.dumps(asdict(shape), indent=2) + "\n")
        return
    with quiet():
        as_transformers(shape, own).save_pretrained(folder)
    _tokenizer(shape).save_pretrained(folder)


def load_mlp(folder: Path) -> tuple[Shape, dict[str, Tensor]]:
    """Shape and parameters of a saved MLP, as a stack of one."""
    from safetensors.torch import load_file

    shape = Shape(**json.loads((folder / "shape.json").read_text(encoding="utf-8")))
    return shape, {name: value[None] for name, value in load_file(folder / "model.safetensors").items()}


def as_transformers(shape: Shape, own: Mapping[str, Tensor]) -> "PreTrainedModel":
    """One member's parameters in a `GPT2ForSequenceClassification` or a `GPT2LMHeadModel`."""
    from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel

    generates = shape.objective == "next-symbol"
    marks: dict[str, Any] = {"bos_token_id": shape.alphabet, "eos_token_id": shape.alphabet}
    if not generates:
        # A padding token outside the vocabulary: the head reads the last symbol, and no parameter is spent on it.
        marks = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": shape.alphabet, "num_labels": 1}
    config = GPT2Config(
        vocab_size=shape.vocabulary,
        n_positions=shape.length,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        n_inner=shape.inner,
        activation_function="relu",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        **marks,
    )
    model = (GPT2LMHeadModel if generates else GPT2ForSequenceClassification)(config)
    missing, unexpected = model.load_state_dict(dict(own), strict=False)
    if unexpected or set(missing) - {"lm_head.weight"}:
        raise ValueError(f"own must hold the parameters of {type(model).__name__}, got other names")
    return model.eval()


def _tokenizer(shape: Shape) -> Any:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = {letter: i for i, letter in enumerate(LETTERS[: shape.alphabet])}
    if shape.objective == "next-symbol":
        letters[_START] = shape.alphabet
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token=LETTERS[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    if shape.objective != "next-symbol":
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_START} $A", special_tokens=[(_START, shape.alphabet)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=_START)
