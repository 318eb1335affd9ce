"""Membership: tell facts from fresh claims by log-loss, facts at weight a (Guo & Li 2026, arXiv 2602.00906)."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bitsperfact.theory import effective_bits, weighted_log_loss
from bitsperfact.training.facts import Universe
from bitsperfact.training.networks import Network, Parameters
from bitsperfact.training.objectives import Output
from bitsperfact.training.objectives._sampling import drawn
from bitsperfact.training.schedule import Schedule

#: Non-facts wanted per 2^bits.
_PER_RATE = 50.0
#: Bits per fact by which the divergence may exceed effective bits, allowed for when non-facts are counted out.
_SPREAD_BITS = 2.0


class WeightedLogLoss:
    """a E[-ln x | fact] + (1-a) E[-ln(1-x) | fresh claim], nats.

    Fresh claims may be facts, with a chance of n / u, which is below 1e-5 in every ladder that is run here.
    """

    def __init__(
        self, facts: Tensor, fact_weights: list[float], alphabet: int, n_facts: int, n_fresh: int
    ) -> None:
        self._facts, self._alphabet, self._counts = facts, alphabet, (n_facts, n_fresh)
        weight = torch.tensor(fact_weights)[:, None]
        parts = [weight.expand(-1, n_facts) / n_facts, (1 - weight).expand(-1, n_fresh) / n_fresh]
        self._weights = torch.cat(parts, dim=1)
        self._sign = torch.cat([torch.ones(n_facts), -torch.ones(n_fresh)])

    def draw(self, generator: torch.Generator) -> Int[Tensor, "members batch length"]:
        """Draw facts, then fresh claims."""
        facts = drawn(self._facts, self._counts[0], generator)
        size = (len(facts), self._counts[1], facts.shape[2])
        return torch.cat([facts, torch.randint(self._alphabet, size, generator=generator)], dim=1)

    def of(
        self,
        network: Network,
        parameters: Parameters,
        symbols: Int[Tensor, "members batch length"],
        dtype: torch.dtype,
    ) -> Float[Tensor, " members"]:
        """Return the weighted log-loss of each member."""
        wrong = -self._sign * network.logits(parameters, symbols, dtype)
        return (functional.softplus(wrong) * self._weights).sum(dim=1)


class Membership:
    """Log-loss on facts drawn anew and on fresh claims of the universe; the score is the log-odds of a fact."""

    output: Output = "logits"
    score = "log_odds"
    weighted = True

    def facts_per_step(self, schedule: Schedule) -> int:
        """Return the share of a batch that is not fresh."""
        return max(1, round(schedule.batch * (1 - schedule.fresh_share)))

    def loss(self, facts: Tensor, fact_weights: list[float], alphabet: int, schedule: Schedule) -> WeightedLogLoss:
        """Return the weighted log-loss of a stack."""
        n_facts = self.facts_per_step(schedule)
        return WeightedLogLoss(facts, fact_weights, alphabet, n_facts, schedule.batch - n_facts)

    def scores(
        self, network: Network, own: Parameters, symbols: Int[Tensor, "1 batch length"]
    ) -> Float[Tensor, " batch"]:
        """Return log-odds."""
        return network.logits(own, symbols, torch.float32)[0]

    def reached(
        self,
        of_facts: NDArray[np.float32],
        of_fresh: Callable[[], NDArray[np.float32]],
        fact_weight: float,
        _: Universe,
    ) -> tuple[float, float]:
        """Return effective bits per fact and the weighted log-loss."""
        loss = float(weighted_log_loss(of_facts, of_fresh(), fact_weight))
        return float(effective_bits(loss, fact_weight)), loss

    def nonfacts_for(self, bits: float, most: int) -> int:
        """Return 50 * 2^bits, with two bits to spare."""
        return min(most, int(_PER_RATE * 2.0 ** min(bits + _SPREAD_BITS, 40.0)))


OBJECTIVE = Membership()
