"""What few independent claims can say: an exact test that there is anything at all, and a wide interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from bitsperfact.estimate.bins import heavy_ties, rank_starts
from bitsperfact.estimate.clusters import Clusters
from bitsperfact.estimate.pool import Pool
from bitsperfact.estimate.shares import share_bounds
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]

#: Independent claims of a class below which resampling cannot be trusted.
FEW = 30.0
#: A cluster of claims that holds more than this share of its class dominates it.
DOMINANT_SHARE = 0.25
#: Least number of non-facts at either end that halving them leaves together.
LEAST_END = 2


@dataclass(frozen=True)
class EffectiveCounts:
    """`facts`, `nonfacts`: independent claims that each class is worth at worst. `dominated`: as `BitsPerFact`."""

    facts: float
    nonfacts: float
    dominated: bool

    @classmethod
    def of(cls, facts: Clusters, nonfacts: Clusters) -> "EffectiveCounts":
        """1 / sum s^2 with s the share of a class that a cluster holds (Kish 1965, Survey Sampling)."""
        numbers: list[float] = []
        dominated = False
        for each in (facts, nonfacts):
            if each.are_single_claims:
                numbers.append(float(each.n))
                continue
            size = np.bincount(each.label, minlength=each.n).astype(np.float64)
            numbers.append(float(size.sum() ** 2 / (size @ size)))
            dominated |= bool(size.max() > max(1.0, DOMINANT_SHARE * size.sum()))
        return cls(numbers[0], numbers[1], dominated)

    @property
    def least(self) -> float:
        """The lesser of the two numbers (1)."""
        return min(self.facts, self.nonfacts)

    @property
    def are_few(self) -> bool:
        """Whether either class is worth fewer than `FEW` claims."""
        return self.least < FEW


def few_counts(pool: Pool, effective: EffectiveCounts) -> tuple[Array, Array]:
    """Return the counts per part of the scores, each of shape (parts,), scaled to the effective number of claims.

    The parts halve the non-facts from either end, around heavy ties, so that their edges owe nothing to the facts.
    """
    n, N = float(pool.facts.sum()), float(pool.nonfacts.sum())
    ranks = np.ceil(N * 0.5 ** np.arange(1, int(N).bit_length()))
    heavy = heavy_ties(pool.facts, pool.nonfacts)
    edges = np.concatenate([[0], heavy, heavy + 1, rank_starts(pool.nonfacts, ranks[ranks >= LEAST_END])])
    starts = np.unique(edges[edges < pool.scores.size]).astype(np.intp)
    k, l = np.add.reduceat(pool.facts, starts), np.add.reduceat(pool.nonfacts, starts)  # noqa: E741
    return k * (effective.facts / n), l * (effective.nonfacts / N)


def differ(facts: Array, nonfacts: Array, error: float) -> bool:
    """Return whether facts are surely not scored as non-facts are, from counts per part, shape (parts,).

    Sets of parts (upper, lower, outer ones, and each alone) hold more of one class than of the other: where for
    some set the Clopper-Pearson bounds of both shares, at `error` divided by twice the number of bounds, do not
    overlap. So equal laws are told apart in at most `error` of the samples, at any number of claims.
    """
    middle = np.abs(np.cumsum(nonfacts) - nonfacts / 2 - nonfacts.sum() / 2)
    inward = np.argsort(-middle, kind="stable")
    sets = [np.concatenate([np.cumsum(c), np.cumsum(c[::-1]), np.cumsum(c[inward]), c]) for c in (facts, nonfacts)]
    each = error / (4 * sets[0].size)
    of_facts, of_nonfacts = (share_bounds(s, c.sum(), each) for s, c in zip(sets, (facts, nonfacts), strict=True))
    return bool((of_facts[0] > of_nonfacts[1]).any() or (of_nonfacts[0] > of_facts[1]).any())


def few_interval(
    facts: Array, nonfacts: Array, rng: np.random.Generator, replicates: int, error: float
) -> tuple[float, float]:
    """Bounds, each at `error`, of the divergence (bits, any sign) of the laws of counts per part, shape (parts,).

    Shares are drawn from the Dirichlet laws of the counts plus, for non-facts, Jeffreys' half a claim per part
    and, for facts, one claim dealt out as the non-facts are; for the upper bound another, dealt out evenly. Noise
    adds (m - 1) / 2n nats to the divergence of facts in m parts, once in the sample and once in the draws, which
    is taken off the lower bound. For the upper one the facts' own shares count too, as these may be 0 and drawn
    ones never are.
    """
    n, alike, even = facts.sum(), nonfacts / nonfacts.sum(), 1 / facts.size
    q = _dirichlet(nonfacts + 0.5, rng, replicates)
    low, high = (_dirichlet(facts + each, rng, replicates) for each in (alike, alike + even))
    lower, upper, own = (rel_entr(p, q).sum(axis=1) for p in (low, high, facts / n))
    noise = (np.count_nonzero(facts) - 1) / n
    least = np.quantile(lower, error) - noise
    most = max(np.quantile(each, 1 - error) for each in (upper, own))
    return float(nats_to_bits(least)), float(nats_to_bits(most))


def _dirichlet(claims: Array, rng: np.random.Generator, replicates: int) -> Array:
    drawn = np.maximum(rng.standard_gamma(claims, size=(replicates, claims.size)), 1e-300)
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))
