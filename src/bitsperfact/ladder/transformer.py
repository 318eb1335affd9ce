"""The transformer: GPT-2 (Radford et al. 2019) as `transformers` computes it, for a stack of members at once.

Parameters have the names and shapes of `GPT2ForSequenceClassification` and `GPT2LMHeadModel`, so that a member is
saved and opened as one of these; that both give the same numbers is tested. The feed-forward layers use ReLU,
which `transformers` knows too and which is several times as fast here.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from bitsperfact.ladder.dial import Shape
from bitsperfact.ladder.onehot import one_hot

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
        head = parameters["score.weight"].to(dtype)
        return torch.bmm(last, head.mT).squeeze(-1).float()

    def log_likelihood(self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Log-likelihood of each symbol given those before, shape (members, batch, length)."""
        start = torch.full_like(symbols[..., :1], self.shape.alphabet)
        read = torch.cat([start, symbols[..., :-1]], dim=-1)
        hidden = self._hidden(parameters, read, dtype, only_last=False)
        scores = torch.bmm(hidden, parameters["transformer.wte.weight"].to(dtype).mT).float()
        scores = scores.view(*symbols.shape, self.shape.vocabulary)
        return scores.log_softmax(-1).gather(-1, symbols[..., None]).squeeze(-1)

    def _hidden(
        self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype, *, only_last: bool
    ) -> Tensor:
        """States after the last norm, (members, batch * length, d), or (members, batch, d) of the last symbol."""
        members, batch, length = symbols.shape
        table, places = parameters["transformer.wte.weight"], parameters["transformer.wpe.weight"]
        read = one_hot(symbols, self.shape.vocabulary, dtype).flatten(1, 2)
        x = torch.bmm(read, table.to(dtype)).view(members, batch, length, -1) + places.to(dtype)[:, None]
        for i in range(self.shape.layers):
            prefix = f"transformer.h.{i}."
            own = {
                name.removeprefix(prefix): value.to(dtype)
                for name, value in parameters.items()
                if name.startswith(prefix)
            }
            # Only keys and values of the last block are needed where earlier symbols are not read.
            x = self._block(own, x, only_last=only_last and i == self.shape.layers - 1)
        final = {name: parameters[f"transformer.ln_f.{name}"].to(dtype) for name in ("weight", "bias")}
        return _norm(x.flatten(1, 2), final["weight"], final["bias"])

    def _block(self, own: Mapping[str, Tensor], x: Tensor, *, only_last: bool) -> Tensor:
        d = self.shape.width
        members, batch, length, _ = x.shape
        read = _norm(x.flatten(1, 2), own["ln_1.weight"], own["ln_1.bias"])
        weight, bias = own["attn.c_attn.weight"], own["attn.c_attn.bias"]
        key_value = _linear(read, weight[..., d:], bias[..., d:]).view(members, batch, length, 2, d)
        if only_last:
            read = read.view(members, batch, length, d)[:, :, -1]
            x = x[:, :, -1:]
        query = _linear(read, weight[..., :d], bias[..., :d]).view(members, batch, -1, d)
        mixed = self._attend(query, key_value[..., 0, :], key_value[..., 1, :]).flatten(1, 2)
        x = x.flatten(1, 2) + _linear(mixed, own["attn.c_proj.weight"], own["attn.c_proj.bias"])
        read = _norm(x, own["ln_2.weight"], own["ln_2.bias"])
        inner = torch.relu(_linear(read, own["mlp.c_fc.weight"], own["mlp.c_fc.bias"]))
        x = x + _linear(inner, own["mlp.c_proj.weight"], own["mlp.c_proj.bias"])
        return x.view(members, batch, -1, d)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Causal attention; the queries are those of the last positions. Shape of `query`."""
        members, batch, asked, d = query.shape
        length, heads = key.shape[2], self.shape.heads

        def by_head(x: Tensor) -> Tensor:
            return x.reshape(members * batch, x.shape[2], heads, d // heads).transpose(1, 2)

        scores = by_head(query) @ by_head(key).mT / math.sqrt(d // heads)
        if asked > 1:
            hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(hidden, -math.inf)
        mixed = scores.softmax(-1) @ by_head(value)
        return mixed.transpose(1, 2).reshape(members, batch, asked, d)


def _linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.baddbmm(bias[:, None, :], x, weight)


def _norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    plain = functional.layer_norm(x, x.shape[-1:], eps=_EPSILON)
    return torch.addcmul(bias[:, None, :], plain, weight[:, None, :])
