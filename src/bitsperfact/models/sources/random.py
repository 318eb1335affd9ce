"""Tiny language models with random weights: for tests and for trying things out, made in a second, never fetched.

Two tokenizers, since scoring must be right for both kinds:
- bytes: one token per byte, no BOS;
- words: bytes and some merges, so that a boundary between prefix and target can be merged over; with BOS where
  `adds_bos` says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsperfact.files import sha256_of_text
from bitsperfact.models.sources import Entry, Source, unknown
from bitsperfact.models.spec import ModelSpec
from bitsperfact.models.store import Record, build_once, built

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerFast

_MAKER = 1
_BOS, _EOS = "<|bos|>", "<|eos|>"
_MERGES = [
    "t h",
    "th e",
    "a n",
    "i n",
    "e r",
    "Ġ the",
    "i s",
    "Ġ is",
    "Ġ i",
    "Ġ in",
    "o f",
    "Ġ of",
    "a r",
    "P ar",
    "Par is",
]
_WIDTH, _LAYERS, _HEADS, _LENGTH = 64, 2, 4, 512


@dataclass(frozen=True)
class RandomModel:
    """Recipe of one random model; `n_params` counts tied matrices once (1)."""

    title: str
    config: Callable[[dict[str, Any]], "PreTrainedConfig"]
    n_params: int
    merges: bool = False
    adds_bos: bool = False


def _llama(common: dict[str, Any]) -> "PreTrainedConfig":
    from transformers import LlamaConfig

    return LlamaConfig(**common, num_key_value_heads=2, intermediate_size=128, tie_word_embeddings=True)


def _gpt2(common: dict[str, Any]) -> "PreTrainedConfig":
    from transformers import GPT2Config

    sizes = {"n_embd": _WIDTH, "n_layer": _LAYERS, "n_head": _HEADS, "n_positions": _LENGTH}
    shared = {key: common[key] for key in ("vocab_size", "bos_token_id", "eos_token_id")}
    return GPT2Config(**shared, **sizes)


def _gemma3(common: dict[str, Any]) -> "PreTrainedConfig":
    from transformers import Gemma3TextConfig

    kinds = ["sliding_attention", "full_attention"]
    return Gemma3TextConfig(
        **common,
        num_key_value_heads=1,
        head_dim=16,
        query_pre_attn_scalar=16,
        intermediate_size=128,
        sliding_window=16,
        layer_types=kinds,
    )


def _qwen2(common: dict[str, Any]) -> "PreTrainedConfig":
    from transformers import Qwen2Config

    return Qwen2Config(**common, num_key_value_heads=2, intermediate_size=128, tie_word_embeddings=False)


def _neox(common: dict[str, Any]) -> "PreTrainedConfig":
    from transformers import GPTNeoXConfig

    return GPTNeoXConfig(**common, intermediate_size=128, tie_word_embeddings=False)


RANDOM_MODELS = {
    "random:tiny": RandomModel("Llama, bytes, no BOS", _llama, 90_560),
    "random:tiny-bos": RandomModel("Llama, words, BOS", _llama, 91_520, merges=True, adds_bos=True),
    "random:tiny-gpt2": RandomModel("GPT-2, words, no BOS", _gpt2, 150_336, merges=True),
    "random:tiny-gemma3": RandomModel(
        "Gemma 3 (sliding window of 16), words, BOS", _gemma3, 87_744, merges=True, adds_bos=True
    ),
    "random:tiny-qwen2": RandomModel("Qwen2 (untied), words, no BOS", _qwen2, 109_248, merges=True),
    "random:tiny-neox": RandomModel("GPT-NeoX (untied), words, no BOS", _neox, 102_016, merges=True),
}


class _Random(Source):
    form = "random:NAME"

    def claims(self, name: str) -> bool:
        return name.startswith("random:")

    def folder(self, spec: ModelSpec) -> Path:
        """Return the random model's folder, made now if this machine has none. Equal on every machine."""
        if spec.name not in RANDOM_MODELS:
            raise unknown(spec.name)
        return build_once(_key(spec.name), partial(_build, spec.name))

    def known(self) -> list[Entry]:
        return [
            Entry(name, recipe.n_params, "none needed", recipe.title, "", built(_key(name)) is not None)
            for name, recipe in RANDOM_MODELS.items()
        ]


SOURCE = _Random()


def _key(name: str) -> str:
    return f"{name.replace(':', '-')}-v{_MAKER}"


def _build(name: str, folder: Path) -> Record:
    from bitsperfact.models.convert import save

    recipe = RANDOM_MODELS[name]
    tokenizer = _tokenizer(recipe)
    model = _model(name, recipe, tokenizer)
    return save(model, tokenizer, folder, source=name, revision=f"v{_MAKER}")


def _tokenizer(recipe: RandomModel) -> "PreTrainedTokenizerFast":
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    merges = [(left, right) for left, _, right in (merge.partition(" ") for merge in _MERGES) if recipe.merges]
    pieces = [_BOS, _EOS, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, merges))
    backend.add_special_tokens([_BOS, _EOS])
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=recipe.merges)
    backend.decoder = decoders.ByteLevel()
    start = f"{_BOS} " if recipe.adds_bos else ""
    backend.post_processor = processors.TemplateProcessing(
        single=f"{start}$A", pair=f"{start}$A $B", special_tokens=[(_BOS, 0)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        clean_up_tokenization_spaces=False,
        bos_token=_BOS,
        eos_token=_EOS,
        pad_token=_EOS,
    )


def _model(name: str, recipe: RandomModel, tokenizer: Any) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    common = {
        "vocab_size": len(tokenizer),
        "hidden_size": _WIDTH,
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": _HEADS,
        "max_position_embeddings": _LENGTH,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    model = AutoModelForCausalLM.from_config(recipe.config(common), dtype=torch.float32)
    # numpy's generator, unlike torch's, promises the same stream in every version.
    rng = np.random.default_rng(int(sha256_of_text(name)[:16], 16))
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters(), key=itemgetter(0)):
            noise = rng.standard_normal(tuple(weight.shape), dtype=np.float32)
            # Norms keep near their neutral scale; matrices get one that makes the next token far from uniform.
            centre = weight.mean().round().item() if weight.dim() == 1 else 0.0
            spread = 0.1 if weight.dim() == 1 else 0.15
            weight.copy_(torch.from_numpy(centre + spread * noise))
    return model
