"""What networks are trained for, one file each: the claims drawn, the loss, the score, what a horizon measures."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bitsperfact.plugins import Room
from bitsperfact.training.facts import Universe
from bitsperfact.training.schedule import Schedule

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bitsperfact.training.networks import Network, Parameters

#: What a network computes of a claim.
Output = Literal["logits", "log-likelihoods"]


class Loss(Protocol):
    """The claims of each step and the loss on them, for the members of one stack."""

    def draw(self, generator: "torch.Generator") -> "Tensor":
        """Draw the claims of one step, symbols of shape (members, batch, length)."""

    def of(
        self, network: "Network", parameters: "Parameters", symbols: "Tensor", dtype: "torch.dtype"
    ) -> "Tensor":
        """Return the mean loss of each member on drawn claims, shape (members,), nats."""


class Objective(Protocol):
    """What networks are trained for, under the attribute OBJECTIVE of its file.

    `output`: what it needs of a network. `score`: the name of what a trained network says of a claim. `weighted`:
    whether facts have a weight of their own in the loss.
    """

    output: Output
    score: str
    weighted: bool

    def facts_per_step(self, schedule: Schedule) -> int:
        """Return the number of facts among the claims of a step (1, a count)."""

    def loss(self, facts: "Tensor", fact_weights: list[float], alphabet: int, schedule: Schedule) -> Loss:
        """Return the loss of a stack whose members have these facts, symbols of shape (members, n, length)."""

    def scores(self, network: "Network", own: "Parameters", symbols: "Tensor") -> "Tensor":
        """Return the score of each claim, shape (batch,), nats, by a stack of one; symbols (1, batch, length)."""

    def reached(
        self,
        of_facts: NDArray[np.float32],
        of_fresh: Callable[[], NDArray[np.float32]],
        fact_weight: float,
        universe: Universe,
    ) -> tuple[float, float]:
        """Return bits per fact and loss (nats) from the scores of all facts and, where called, of fresh claims."""

    def nonfacts_for(self, bits: float, most: int) -> int:
        """Return how many fresh non-facts resolve so many bits, at most `most` (1, a count)."""


OBJECTIVES = Room(
    "objective",
    "bitsperfact.training.objectives",
    "OBJECTIVE",
    "bitsperfact.objectives",
    lambda part: callable(getattr(part, "loss", None)),
)


def objective_of(name: str) -> Objective:
    """Return the objective of this name, where `-` and `_` are one; raise BadInput where there is none."""
    found: Objective = OBJECTIVES.find(name if ":" in name else name.replace("-", "_"))
    return found
