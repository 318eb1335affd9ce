"""The MLP: one-hot symbols, hidden layers with GELU, one logit."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float32, Int
from torch import Tensor
from torch.nn import functional

from bitsperfact.files import write_text
from bitsperfact.training.facts import Universe
from bitsperfact.training.networks import Parameters
from bitsperfact.training.objectives import Output
from bitsperfact.training.shapes import Shape, fitted, positive_root

#: Hidden layers. One stores a quarter less than two; three store no more for the same time, and diverge at lower
#: learning rates.
HIDDEN = 2


class MlpNetwork:
    """A stack of multilayer perceptrons; see `Network`."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._widths = [shape.alphabet * shape.length, *[shape.width] * (shape.layers - 1), shape.inner, 1]

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Return shape of each parameter of one member: `layers.I.weight` (out, in) and `layers.I.bias` (out,)."""
        found: dict[str, tuple[int, ...]] = {}
        for i, (inner, outer) in enumerate(zip(self._widths, self._widths[1:], strict=False)):
            found |= {f"layers.{i}.weight": (outer, inner), f"layers.{i}.bias": (outer,)}
        return found

    def matrices(self) -> dict[str, int]:
        """Return all weights but the last layer's, which is a vector."""
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

    def logits(
        self, parameters: Mapping[str, Tensor], symbols: Int[Tensor, "members batch length"], dtype: torch.dtype
    ) -> Float32[Tensor, "members batch"]:
        """Return log-odds that a claim is a fact, shape (members, batch)."""
        hidden = _one_hot(symbols, self.shape.alphabet, dtype).flatten(2)
        last = len(self._widths) - 2
        for i in range(last + 1):
            weight, bias = parameters[f"layers.{i}.weight"].to(dtype), parameters[f"layers.{i}.bias"].to(dtype)
            hidden = torch.baddbmm(bias[:, None, :], hidden, weight.mT)
            if i < last:
                hidden = functional.gelu(hidden)
        return hidden.squeeze(-1).float()

    def log_likelihood(self, *_: Mapping[str, Tensor] | Tensor | torch.dtype) -> Tensor:
        """Raise TypeError: an MLP has one output."""
        raise TypeError("an MLP computes no log-likelihoods of symbols")


def _one_hot(symbols: Tensor, vocabulary: int, dtype: torch.dtype) -> Tensor:
    """One-hot vectors of `symbols` (...), shape (..., vocabulary).

    A product with them rounds once, where the gradient of an embedding adds up in `dtype`.
    """
    flat = torch.zeros(symbols.numel(), vocabulary, dtype=dtype)
    return flat.scatter_(1, symbols.reshape(-1, 1), 1).view(*symbols.shape, vocabulary)


class Mlp:
    """Multilayer perceptrons of two hidden layers, about as wide as each other."""

    outputs: tuple[Output, ...] = ("logits",)

    def settings(self, *, quick: bool) -> dict[str, Any]:
        """Return what differs from the schedule's defaults."""
        return {"batch": 2048} if quick else {}

    def shape(self, parameters: int, universe: Universe, objective: str) -> Shape:
        """Return the shape nearest below so many parameters."""
        inputs = universe.alphabet * universe.length

        def fixed(width: int) -> int:
            return (inputs + 1) * width + (HIDDEN - 2) * (width + 1) * width + 1

        # (D-1) w^2 + (inputs + D + 1) w + 1 = parameters, for D layers of one width.
        even = positive_root(HIDDEN - 1, inputs + HIDDEN + 1, parameters)
        width, inner, exact = fitted("an MLP", parameters, even, fixed, lambda width: width + 2)
        alphabet = universe.alphabet
        return Shape("mlp", objective, alphabet, universe.length, width, inner, 0, HIDDEN, alphabet, exact)

    def reads(self, _: Shape) -> int:
        """Return 1: a claim is read at once."""
        return 1

    def network(self, shape: Shape) -> MlpNetwork:
        """Return the functions of a stack."""
        return MlpNetwork(shape)

    def save(self, shape: Shape, member: Parameters, folder: Path) -> None:
        """Save safetensors and `shape.json`."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        own = {name: value.detach()[0].contiguous() for name, value in member.items()}
        save_file(own, folder / "model.safetensors", metadata={"format": "pt"})
        write_text(folder / "shape.json", json.dumps(asdict(shape), indent=2) + "\n")


ARCHITECTURE = Mlp()
