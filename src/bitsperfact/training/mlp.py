"""The MLP: one-hot symbols, hidden layers with GELU, one logit."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from bitsperfact.training.dial import Shape


class Mlp:
    """A stack of multilayer perceptrons; see `Network`."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._widths = [shape.alphabet * shape.length, *[shape.width] * (shape.layers - 1), shape.inner, 1]

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter of one member: `layers.I.weight` (out, in) and `layers.I.bias` (out,)."""
        found: dict[str, tuple[int, ...]] = {}
        for i, (inner, outer) in enumerate(zip(self._widths, self._widths[1:], strict=False)):
            found |= {f"layers.{i}.weight": (outer, inner), f"layers.{i}.bias": (outer,)}
        return found

    def matrices(self) -> dict[str, int]:
        """All weights but the last layer's, which is a vector."""
        return {f"layers.{i}.weight": 1 for i in range(len(self._widths) - 2)}

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """He et al. 2015 (arXiv 1502.01852), counting only inputs that are not 0; a last layer a tenth of that."""
        found = {}
        for name, size in self.sizes().items():
            if name.endswith("bias"):
                found[name] = torch.zeros(size)
                continue
            active = self.shape.length if name.startswith("layers.0.") else size[1]
            scale = math.sqrt(2 / active) * (0.1 if size[0] == 1 else 1.0)
            found[name] = torch.randn(size, generator=generator) * scale
        return found

    def logits(self, parameters: Mapping[str, Tensor], symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Log-odds that a claim is a fact, shape (members, batch)."""
        hidden = _one_hot(symbols, self.shape.alphabet, dtype).flatten(2)
        last = len(self._widths) - 2
        for i in range(last + 1):
            weight, bias = parameters[f"layers.{i}.weight"].to(dtype), parameters[f"layers.{i}.bias"].to(dtype)
            hidden = torch.baddbmm(bias[:, None, :], hidden, weight.mT)
            if i < last:
                hidden = functional.gelu(hidden)
        return hidden.squeeze(-1).float()

    def log_likelihood(self, *_: Mapping[str, Tensor] | Tensor | torch.dtype) -> Tensor:
        """An MLP foretells no symbols: raises TypeError."""
        raise TypeError("an MLP foretells no symbols")


def _one_hot(symbols: Tensor, vocabulary: int, dtype: torch.dtype) -> Tensor:
    """One-hot vectors of `symbols` (...), shape (..., vocabulary).

    A product with them rounds once, where the gradient of an embedding adds up in `dtype`.
    """
    flat = torch.zeros(symbols.numel(), vocabulary, dtype=dtype)
    return flat.scatter_(1, symbols.reshape(-1, 1), 1).view(*symbols.shape, vocabulary)
