"""The transformer: GPT-2 (Radford et al. 2019) as `transformers` computes it, for a stack of members at once.

Parameters have the names and shapes of `GPT2ForSequenceClassification` and `GPT2LMHeadModel`, so that a member is
saved and opened as one of these; that both give the same numbers is tested. The feed-forward layers use ReLU,
which `transformers` knows too and which is several times as fast here. Arrays are (members, channels, symbols,
batch): whatever is done per channel or head runs along the batch, which is long, where channels are few.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from bitsperfact.models.quiet import quiet
from bitsperfact.training.facts import LETTERS, Universe
from bitsperfact.training.networks import Parameters
from bitsperfact.training.objectives import Output, objective_of
from bitsperfact.training.shapes import Shape, fitted, positive_root

if TYPE_CHECKING:
    from transformers import PreTrainedModel

#: Blocks.
LAYERS = 2
#: Attention heads at least, and channels per head beyond: a last symbol that reads eight others through one head
#: mixes them up, and stores a tenth of what it does through four.
LEAST_HEADS, HEAD_WIDTH = 4, 4
_START = "<s>"
_HEAD_STD = 0.02
_EPSILON = 1e-5


class TransformerNetwork:
    """A stack of GPT-2 networks; see `Network`."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter of one member, as `transformers` names and stores them."""
        d, inner = self.shape.width, self.shape.inner
        found: dict[str, tuple[int, ...]] = {
            "transformer.wte.weight": (self.shape.vocabulary, d),
            "transformer.wpe.weight": (self.shape.length, d),
        }
        for i in range(self.shape.layers):
            block = {
                "ln_1.weight": (d,),
                "ln_1.bias": (d,),
                "attn.c_attn.weight": (d, 3 * d),
                "attn.c_attn.bias": (3 * d,),
                "attn.c_proj.weight": (d, d),
                "attn.c_proj.bias": (d,),
                "ln_2.weight": (d,),
                "ln_2.bias": (d,),
                "mlp.c_fc.weight": (d, inner),
                "mlp.c_fc.bias": (inner,),
                "mlp.c_proj.weight": (inner, d),
                "mlp.c_proj.bias": (d,),
            }
            found |= {f"transformer.h.{i}.{name}": size for name, size in block.items()}
        found |= {"transformer.ln_f.weight": (d,), "transformer.ln_f.bias": (d,)}
        return found | ({} if _generates(self.shape.objective) else {"score.weight": (1, d)})

    def matrices(self) -> dict[str, int]:
        """Return the blocks' weights; query, key and value stand side by side in one."""
        blocks = {"attn.c_attn": 3, "attn.c_proj": 1, "mlp.c_fc": 1, "mlp.c_proj": 1}
        return {
            f"transformer.h.{i}.{name}.weight": k for i in range(self.shape.layers) for name, k in blocks.items()
        }

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Weights of variance 1 / inputs, embeddings of variance 1: GPT-2's 0.02 is for widths near a thousand."""
        found = {}
        for name, size in self.sizes().items():
            if name.endswith("bias"):
                found[name] = torch.zeros(size)
            elif len(size) == 1:
                found[name] = torch.ones(size)
            else:
                scale = 1.0 if ".wte." in name or ".wpe." in name else 1 / math.sqrt(size[0])
                scale = _HEAD_STD if name == "score.weight" else scale
                found[name] = torch.randn(size, generator=generator) * scale
        if _generates(self.shape.objective):
            # The output layer is the embedding: logits of variance 1, not of variance d.
            found["transformer.wte.weight"] /= math.sqrt(self.shape.width)
        return found

    def logits(self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the log-odds that a claim is a fact, read at its last symbol; shape (members, batch)."""
        last = self._hidden(parameters, symbols, dtype, only_last=True)
        return (last * parameters["score.weight"].mT).sum(1)

    def log_likelihood(self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the log-likelihood of each symbol given those before, shape (members, batch, length)."""
        start = torch.full_like(symbols[..., :1], self.shape.alphabet)
        hidden = self._hidden(parameters, torch.cat([start, symbols[..., :-1]], dim=-1), dtype, only_last=False)
        scores = torch.bmm(parameters["transformer.wte.weight"].to(dtype), hidden.to(dtype)).float()
        chosen = scores.log_softmax(1).gather(1, symbols.mT.flatten(1)[:, None])
        return chosen.view(symbols.mT.shape).mT

    def _hidden(
        self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype, *, only_last: bool
    ) -> Tensor:
        """States after the last norm, (members, d, length * batch), or of the last symbol, (members, d, batch)."""
        members, batch, length = symbols.shape
        known = torch.arange(self.shape.vocabulary)[:, None]
        # A product with one-hot vectors rounds once, where the gradient of an embedding adds up in `dtype`.
        read = (symbols.mT.reshape(members, 1, length * batch) == known).to(dtype)
        x = torch.bmm(parameters["transformer.wte.weight"].mT.to(dtype), read).float()
        places = parameters["transformer.wpe.weight"].mT[..., None]
        x = (x.view(members, -1, length, batch) + places).flatten(2)
        for i in range(self.shape.layers):
            prefix = f"transformer.h.{i}."
            own = {name.removeprefix(prefix): v for name, v in parameters.items() if name.startswith(prefix)}
            # Only keys and values of the last block are needed where earlier symbols are not read.
            x = self._block(own, x, dtype, only_last=only_last and i == self.shape.layers - 1)
        return _norm(x, parameters, "transformer.ln_f")

    def _block(self, own: Mapping[str, Tensor], x: Tensor, dtype: torch.dtype, *, only_last: bool) -> Tensor:
        d, batch = self.shape.width, x.shape[2] // self.shape.length
        read = _norm(x, own, "ln_1")
        key_value = _linear(read, own, "attn.c_attn", dtype, slice(d, None))
        if only_last:
            read, x = read[..., -batch:], x[..., -batch:]
        query = _linear(read, own, "attn.c_attn", dtype, slice(d))
        x = x + _linear(self._attend(query, key_value, batch), own, "attn.c_proj", dtype)
        inner = torch.relu(_linear(_norm(x, own, "ln_2"), own, "mlp.c_fc", dtype))
        return x + _linear(inner, own, "mlp.c_proj", dtype)

    def _attend(self, query: Tensor, key_value: Tensor, batch: int) -> Tensor:
        """Causal attention; the queries are those of the last positions. Shape of `query`.

        Sums over a head's few channels, not products of matrices of 3 by 8, of which there would be thousands.
        """
        members, heads = len(query), self.shape.heads
        key, value = key_value.view(members, 2, heads, -1, self.shape.length, batch).unbind(1)
        wanted = query.view(members, heads, key.shape[2], -1, batch)
        scores = (wanted.unsqueeze(4) * key.unsqueeze(3)).sum(2) / math.sqrt(key.shape[2])
        if wanted.shape[3] > 1:
            hidden = torch.ones(self.shape.length, self.shape.length, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(hidden[..., None], -math.inf)
        # Written out: the compiler fuses this with the sums around it, but not its own softmax.
        weights = (scores - scores.amax(3, keepdim=True).detach()).exp()
        weights = weights / weights.sum(3, keepdim=True)
        return (weights.unsqueeze(2) * value.unsqueeze(3)).sum(4).reshape(query.shape)


def _linear(
    x: Tensor, own: Mapping[str, Tensor], name: str, dtype: torch.dtype, outputs: slice = slice(None)
) -> Tensor:
    """(members, in, any) to (members, out, any), multiplied in `dtype`."""
    weight, bias = (own[f"{name}.{part}"][..., outputs].to(dtype) for part in ("weight", "bias"))
    return torch.baddbmm(bias[..., None], weight.mT, x.to(dtype)).float()


def _norm(x: Tensor, own: Mapping[str, Tensor], name: str) -> Tensor:
    """Layer norm over dimension 1."""
    centred = x - x.mean(1, keepdim=True)
    plain = centred * torch.rsqrt((centred * centred).mean(1, keepdim=True) + _EPSILON)
    return plain * own[f"{name}.weight"][..., None] + own[f"{name}.bias"][..., None]


def _generates(objective: str) -> bool:
    """Return whether the network says log-likelihoods of symbols, and not one logit per claim."""
    return objective_of(objective).output == "log-likelihoods"


class Transformer:
    """GPT-2 of two blocks, feed-forward about four times the width, four heads and one per 4 channels."""

    outputs: tuple[Output, ...] = ("logits", "log-likelihoods")

    def settings(self, *, quick: bool) -> dict[str, Any]:  # noqa: ARG002
        """Return what differs from the schedule's defaults."""
        own: dict[str, Any] = {"exposures": 300, "least_steps": 1500, "batch": 512, "fresh_share": 0.5}
        return own | {"learning_rate": 0.01, "dtype": "float32"}

    def shape(self, parameters: int, universe: Universe, objective: str) -> Shape:
        """Return the shape nearest below so many parameters."""
        # Symbols, positions, the last norm (2) and the head's one row (1). A generator has no head of its own,
        # since its output layer is its embedding, but one symbol more, from which it starts.
        rows = universe.alphabet + universe.length + 3

        def fixed(width: int) -> int:
            return rows * width + LAYERS * (4 * width**2 + 9 * width)

        even = positive_root(12 * LAYERS, rows + 13 * LAYERS, parameters)
        width, inner, exact = fitted(
            "a transformer", parameters, even, fixed, lambda width: LAYERS * (2 * width + 1)
        )
        alphabet, length = universe.alphabet, universe.length
        heads, vocabulary = max(LEAST_HEADS, width // HEAD_WIDTH), alphabet + _generates(objective)
        return Shape("transformer", objective, alphabet, length, width, inner, heads, LAYERS, vocabulary, exact)

    def reads(self, shape: Shape) -> int:
        """Return the symbols of a claim."""
        return shape.length

    def network(self, shape: Shape) -> TransformerNetwork:
        """Return the functions of a stack."""
        return TransformerNetwork(shape)

    def save(self, shape: Shape, member: Parameters, folder: Path) -> None:
        """Save a folder that `transformers` opens, with a tokenizer of one token per letter."""
        own = {name: value.detach()[0].contiguous() for name, value in member.items()}
        with quiet():
            as_transformers(shape, own).save_pretrained(folder)
        _tokenizer(shape).save_pretrained(folder)


def as_transformers(shape: Shape, own: Mapping[str, Tensor]) -> "PreTrainedModel":
    """Return one member's parameters in a `GPT2ForSequenceClassification` or a `GPT2LMHeadModel`."""
    from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel

    generates = _generates(shape.objective)
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
    if _generates(shape.objective):
        letters[_START] = shape.alphabet
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token=LETTERS[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    if not _generates(shape.objective):
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_START} $A", special_tokens=[(_START, shape.alphabet)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=_START)


ARCHITECTURE = Transformer()
