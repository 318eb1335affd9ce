"""Bits per fact: the headline number, its interval, its certificate, and whether the sample can resolve it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.estimate.bootstrap import centred_quantiles, check_resampling
from bitsperfact.estimate.certificate import certified_bits
from bitsperfact.estimate.clusters import Clusters, Groups, clusters_of
from bitsperfact.estimate.divergence import binned_bits, digamma_kl_bits
from bitsperfact.estimate.pool import Pool, checked_scores
from bitsperfact.estimate.resampling import clustered_draws, independent_draws

Array = NDArray[np.float64]

#: Non-facts needed per 2^bits: so many are expected to be accepted with the facts.
NONFACTS_PER_RATE = 50.0
#: Largest share of facts that may score above the tenth-highest non-fact, where densities are extrapolated.
LARGEST_UNRESOLVED_SHARE = 0.3
_RANK = 10

ESTIMATOR = "binned digamma"


@dataclass(frozen=True)
class BitsPerFact:
    """Divergence of fact scores from non-fact scores, with what the sample allows one to say about it.

    `estimate`, `lower`, `upper`: bits, in [0, inf]; `upper` is inf where too many facts score above the non-facts
    for the sample to bound it. `certified`: bits that hold without assumptions, at the same confidence.
    `resolution_limited`: the non-facts are too few for the estimate; report ">= certified" instead.
    """

    estimate: float
    lower: float
    upper: float
    certified: float
    resolution_limited: bool
    n_facts: int
    n_nonfacts: int
    seed: int
    confidence: float
    estimator: str = ESTIMATOR


def bits_per_fact(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    replicates: int = 400,
    confidence: float = 0.95,
) -> BitsPerFact:
    """Bits per fact that a tester spends: KL(scores of facts || scores of non-facts).

    Guo & Li 2026, arXiv 2602.00906: the memory per fact of a sparse membership tester. Estimated from binned
    counts (`bin_starts`, `digamma_kl_bits`), so that it is the same for every increasing function of the score.
    The interval resamples clusters within the bins; the certificate is `certified_bits`. The estimate is low where
    N < 10 * 2^bits, and counts as resolved from N >= 50 * 2^bits on, unless more than 30 % of the facts score
    above the tenth-highest non-fact.

    Args: `facts` (n,), `nonfacts` (N,): finite scores, any increasing scale. `groups`: labels of facts and of
    non-facts, claims of one label being drawn together. `confidence`: 1, in (0, 1).
    Raises: ValueError where a sample is empty or not finite, or another argument does not fit.
    """
    check_resampling(replicates, confidence)
    first, second = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    of_facts, of_nonfacts = clusters_of(groups, first.size, second.size)
    if groups is None:
        # Without groups the order of claims means nothing, not even for the halves of the certificate.
        first, second = np.sort(first), np.sort(second)
    pool = Pool.of(first, second)
    estimate = binned_bits(pool)
    draws = _draws(pool, (first, second), (of_facts, of_nonfacts), seed, replicates)
    lower, upper = bits_interval(pool, draws, estimate, confidence)
    return BitsPerFact(
        estimate=max(0.0, estimate),
        lower=lower,
        upper=upper,
        certified=certified_bits(first, second, of_facts, of_nonfacts, confidence),
        resolution_limited=is_resolution_limited(pool, estimate),
        n_facts=first.size,
        n_nonfacts=second.size,
        seed=seed,
        confidence=confidence,
    )


def is_resolution_limited(pool: Pool, bits: float) -> bool:
    """Whether the non-facts are too few, or too low, for `bits` to be an estimate rather than a lower limit."""
    too_few = pool.n_nonfacts < NONFACTS_PER_RATE * 2.0**bits
    return bool(too_few or _share_above_tenth(pool) > LARGEST_UNRESOLVED_SHARE)


def _share_above_tenth(pool: Pool) -> float:
    """Share of facts strictly above the tenth-highest non-fact."""
    from_top = np.cumsum(pool.nonfacts[::-1])
    tenth = int(np.searchsorted(from_top, min(_RANK, from_top[-1])))
    return float(pool.facts[::-1][:tenth].sum()) / pool.n_facts


def _is_bounded(pool: Pool) -> bool:
    facts, nonfacts = pool.binned()
    seen = ((facts == 0) | (nonfacts > 0)).all()
    return bool(seen and _share_above_tenth(pool) <= LARGEST_UNRESOLVED_SHARE)


def bits_interval(
    pool: Pool, draws: tuple[Array, Array], estimate: float, confidence: float
) -> tuple[float, float]:
    """Bounds of bits per fact, in [0, inf], from resampled counts of both classes, (replicates, bins) each."""
    bits = np.array([digamma_kl_bits(*drawn) for drawn in zip(*draws, strict=True)])
    if _is_bounded(pool):
        lower, upper = centred_quantiles(bits, estimate, (1 - confidence) / 2)
        return max(0.0, lower), max(0.0, upper)
    # An interval that is open above has all of its error below.
    return max(0.0, centred_quantiles(bits, estimate, 1 - confidence)[0]), float("inf")


def _draws(
    pool: Pool, scores: tuple[Array, Array], of: tuple[Clusters, Clusters], seed: int, replicates: int
) -> tuple[Array, Array]:
    edges, children = pool.scores[pool.bins], np.random.SeedSequence(seed).spawn(2)
    drawn = []
    for counts, values, clustering, child in zip(pool.binned(), scores, of, children, strict=True):
        rng = np.random.default_rng(child)
        if clustering.are_single_claims:
            drawn.append(independent_draws(counts, rng, replicates))
        else:
            drawn.append(clustered_draws(values, edges, clustering, rng, replicates))
    return drawn[0], drawn[1]
