"""The transformer: GPT-2 (Radford et al. 2019) as `transformers` computes it, for a stack of members at once.

Parameters have the names and shapes of `GPT2ForSequenceClassification` and `GPT2LMHeadModel`, so that a member is
saved and opened as one of these; that both give the same numbers is tested. The feed-forward layers use ReLU,
which `transformers` knows too and which is several times as fast here. Arrays are (members, channels, symbols,
batch): whatever is done per channel or head runs along the batch, which is long, where channels are few.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from bitsperfact.training.dial import Shape

_HEAD_STD = 0.02
_EPSILON = 1e-5


class Transformer:
    """A stack of GPT-2 networks; see `Network`."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter of one member, as `transformers` names and stores them."""
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
        return found | ({"score.weight": (1, d)} if self.shape.objective == "membership" else {})

    def matrices(self) -> dict[str, int]:
        """The blocks' weights; query, key and value stand side by side in one."""
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
        if self.shape.objective == "next-symbol":
            # The output layer is the embedding: logits of variance 1, not of variance d.
            found["transformer.wte.weight"] /= math.sqrt(self.shape.width)
        return found

    def logits(self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Log-odds that a claim is a fact, read at its last symbol; shape (members, batch)."""
        last = self._hidden(parameters, symbols, dtype, only_last=True)
        return (last * parameters["score.weight"].mT).sum(1)

    def log_likelihood(self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Log-likelihood of each symbol given those before, shape (members, batch, length)."""
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
        asked = query.view(members, heads, key.shape[2], -1, batch)
        scores = (asked.unsqueeze(4) * key.unsqueeze(3)).sum(2) / math.sqrt(key.shape[2])
        if asked.shape[3] > 1:
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
