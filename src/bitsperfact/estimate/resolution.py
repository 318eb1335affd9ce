"""What a sample leaves unresolved: facts where it has too few non-facts to tell how rare such scores are."""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from bitsperfact.estimate.pool import Pool
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]

#: Non-facts needed per 2^bits: so many are expected to be accepted with the facts.
NONFACTS_PER_RATE = 50.0
#: Largest share of facts that may lie beyond the tenth non-fact from either end, where densities are extrapolated.
LARGEST_SHARE_BEYOND = 0.3
#: Largest share of facts in bins without a non-fact: their divergence may be infinite.
LARGEST_UNSEEN_SHARE = 0.05
#: Largest part of the estimate that the tails may be expected to miss, and what is never too much (bits).
LARGEST_MISSING_PART, NEGLIGIBLE_BITS = 0.03, 0.03
#: Facts per non-fact that are added to a tail before its exponent is told.
LEVEL_FACTS = 0.2
_TENTH, _FORTIETH = 10, 40


@dataclass(frozen=True)
class Resolution:
    """`beyond`, `unseen`: shares of facts (1) beyond the tenth non-fact from either end, and in bins without one.

    `missing`: bits that the bins are expected to miss in the tails (see `_missed_nats`).
    """

    beyond: float
    unseen: float
    missing: float

    @classmethod
    def of(cls, pool: Pool) -> "Resolution":
        """Return what the non-facts of a pool are too few for."""
        k, l = pool.binned()  # noqa: E741
        ends = [_Tail.of(pool.facts[::step], pool.nonfacts[::step]) for step in (1, -1)]
        n = float(pool.facts.sum())
        return cls(
            beyond=float(sum(end.facts for end in ends)) / n,
            unseen=float(k[l == 0].sum()) / n,
            missing=float(nats_to_bits(sum(end.facts * end.missed_nats for end in ends) / n)),
        )

    def is_bounded(self, bits: float) -> bool:
        """Return whether the sample bounds the divergence from above, where its estimate is `bits`."""
        too_much = max(NEGLIGIBLE_BITS, LARGEST_MISSING_PART * bits)
        return (
            self.beyond <= LARGEST_SHARE_BEYOND
            and self.unseen <= LARGEST_UNSEEN_SHARE
            and self.missing <= too_much
        )

    def allowance(self, error: float) -> float:
        """Return bits by which an upper bound at `error` (1) must exceed the estimate for what no resample varies.

        In a bin without a non-fact the expected number m of them is bounded by e^-m, as Exp(1): below -ln(1 -
        error) with chance `error`, where the estimate takes ln m for psi(1). What tails miss counts twice: their
        exponent falls further out.
        """
        unseen = float(digamma(1)) - log(-log(1 - error))
        return 2 * self.missing + float(nats_to_bits(self.unseen * unseen))


@dataclass(frozen=True)
class _Tail:
    """Facts beyond the tenth non-fact from an end, and the exponent that the tail of facts has of non-facts'."""

    facts: float
    exponent: float

    @classmethod
    def of(cls, facts: Array, nonfacts: Array) -> "_Tail":
        """Return the tail at the start of counts per level, shape (levels,)."""
        from_end = np.cumsum(nonfacts)
        levels = np.searchsorted(from_end, np.minimum([_TENTH, _FORTIETH], from_end[-1]))
        k, k_more = (float(facts[:i].sum()) for i in levels)
        beyond, beyond_more = (float(nonfacts[:i].sum()) for i in levels)
        if beyond_more == beyond:
            return cls(k, 1.0)
        # A few facts more, in the ratio of the non-facts: where there are hardly any, the exponent is 1.
        few, few_more = LEVEL_FACTS * (beyond + 1), LEVEL_FACTS * (beyond_more + 1)
        return cls(k, min(1.0, log((k_more + few_more) / (k + few)) / log(few_more / few)))

    @property
    def missed_nats(self) -> float:
        """Nats per fact of the tail that one bin for it misses.

        Where the tail of facts goes as a power t of the non-facts', u^t with u uniform for non-facts, its
        divergence within the tail is E[ln(t u^(t - 1))] = ln t + 1 / t - 1 (derived here): 0 for the channel,
        whose ratio is level, 1.6 for normal facts of twice the standard deviation (t = 1/4).
        """
        t = max(self.exponent, 0.05)
        return log(t) + 1 / t - 1
