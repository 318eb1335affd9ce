"""Next symbol: negative log-likelihood of facts alone; the networks see no non-fact."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from bitsperfact.training.facts import Universe
from bitsperfact.training.networks import Network, Parameters
from bitsperfact.training.objectives import Output
from bitsperfact.training.objectives._sampling import drawn
from bitsperfact.training.schedule import Schedule
from bitsperfact.units import nats_to_bits


class SymbolLoss:
    """Negative log-likelihood of facts, nats per symbol."""

    def __init__(self, facts: Tensor, batch: int) -> None:
        self._facts, self._batch = facts, batch

    def draw(self, generator: torch.Generator) -> Int[Tensor, "members batch length"]:
        """Draw facts."""
        return drawn(self._facts, self._batch, generator)

    def of(
        self,
        network: Network,
        parameters: Parameters,
        symbols: Int[Tensor, "members batch length"],
        dtype: torch.dtype,
    ) -> Float[Tensor, " members"]:
        """Return the mean negative log-likelihood of each member's symbols."""
        return -network.log_likelihood(parameters, symbols, dtype).mean(dim=(1, 2))


class NextSymbol:
    """The score of a claim is the log-likelihood of its symbols."""

    output: Output = "log-likelihoods"
    score = "log_likelihood"
    weighted = False

    def facts_per_step(self, schedule: Schedule) -> int:
        """Return the batch: all claims are facts."""
        return schedule.batch

    def loss(self, facts: Tensor, _: list[float], __: int, schedule: Schedule) -> SymbolLoss:
        """Return the loss of a stack."""
        return SymbolLoss(facts, schedule.batch)

    def scores(
        self, network: Network, own: Parameters, symbols: Int[Tensor, "1 batch length"]
    ) -> Float[Tensor, " batch"]:
        """Return log-likelihoods of whole claims."""
        return network.log_likelihood(own, symbols, torch.float32)[0].sum(-1)

    def reached(
        self, of_facts: NDArray[np.float32], _: Callable[[], NDArray[np.float32]], __: float, universe: Universe
    ) -> tuple[float, float]:
        """Return bits memorised per fact, those of a random claim less the code length of a fact, and the loss."""
        nll = -float(of_facts.mean(dtype=np.float64))
        return float(np.log2(universe.size)) - nats_to_bits(nll), nll / universe.length

    def nonfacts_for(self, _: float, most: int) -> int:
        """Return `most`: likelihoods of non-facts have no bound that few could show."""
        return most


OBJECTIVE = NextSymbol()
