"""What a stack of networks is: several of one shape, trained side by side as if they were one.

Every parameter has a leading axis for the member, and every product of all members is one batched product, so that
tiny networks cost multiplications instead of calls. Members share nothing: no gradient passes between them.
"""

from collections.abc import Mapping
from typing import Protocol

import torch
from jaxtyping import Float32, Int
from torch import Tensor

from bitsperfact.training.shapes import Shape

Parameters = Mapping[str, Tensor]


class Network(Protocol):
    """The functions of a stack of `members` networks; symbols have shape (members, batch, length)."""

    shape: Shape

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter of one member, by the name that it is saved under."""

    def matrices(self) -> dict[str, int]:
        """Return parameters that are products' matrices inside, with the number of blocks side by side in each."""

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the parameters of one member, float32."""

    def logits(
        self, parameters: Parameters, symbols: Int[Tensor, "members batch length"], dtype: torch.dtype
    ) -> Float32[Tensor, "members batch"]:
        """Return log-odds that a claim is a fact: nats."""

    def log_likelihood(
        self, parameters: Parameters, symbols: Int[Tensor, "members batch length"], dtype: torch.dtype
    ) -> Float32[Tensor, "members batch length"]:
        """Return log-likelihood of each symbol given those before: nats."""


def initial_stack(network: Network, seeds: list[int]) -> dict[str, Tensor]:
    """Return the parameters of a stack, one member per seed; each member's depend on its own seed only."""
    members = [network.initial(torch.Generator().manual_seed(seed)) for seed in seeds]
    return {name: torch.stack([member[name] for member in members]) for name in members[0]}


def member_of(parameters: Parameters, index: int) -> dict[str, Tensor]:
    """Return one member as a stack of its own."""
    return {name: value[index : index + 1] for name, value in parameters.items()}
