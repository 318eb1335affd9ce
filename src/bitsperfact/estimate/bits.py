"""Bits per fact: the headline number, its interval, its certificate, and whether the sample can resolve it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.estimate.bootstrap import centred_quantiles
from bitsperfact.estimate.certificate import certified_bits
from bitsperfact.estimate.clusters import Clusters, Groups, clusters
from bitsperfact.estimate.divergence import binned_bits, digamma_kl_bits
from bitsperfact.estimate.pool import Pool, checked_scores, sorted_pool

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

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
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie strictly between 0 and 1, got {confidence:g}")
    if replicates < 2:
        raise ValueError(f"replicates must be at least 2, got {replicates}")
    first, second = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    labels = groups if groups is not None else (None, None)
    of_facts, of_nonfacts = clusters("facts", labels[0], first.size), clusters("nonfacts", labels[1], second.size)
    pool, fact_level, nonfact_level = sorted_pool(first, second)
    estimate = binned_bits(pool)
    draws = _replicates(pool, (fact_level, nonfact_level), (of_facts, of_nonfacts), seed, replicates)
    lower, upper = centred_quantiles(draws, estimate, (1 - confidence) / 2)
    return BitsPerFact(
        estimate=max(0.0, estimate),
        lower=max(0.0, lower),
        upper=max(0.0, upper) if _is_bounded(pool) else float("inf"),
        certified=certified_bits(first, second, of_facts, of_nonfacts, seed, confidence),
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


def _replicates(
    pool: Pool, levels: tuple[Indices, Indices], of: tuple[Clusters, Clusters], seed: int, replicates: int
) -> Array:
    rng_facts, rng_nonfacts = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    bins = [np.searchsorted(pool.bins, level, side="right") - 1 for level in levels]
    facts = _binned_draws(bins[0], of[0], pool.bins.size, rng_facts, replicates)
    nonfacts = _binned_draws(bins[1], of[1], pool.bins.size, rng_nonfacts, replicates)
    return np.array([digamma_kl_bits(*counts) for counts in zip(facts, nonfacts, strict=True)])


def _binned_draws(bin_of: Indices, of: Clusters, n_bins: int, rng: np.random.Generator, replicates: int) -> Array:
    """Resampled counts, shape (replicates, bins)."""
    if of.are_single_claims:
        # Independent claims make the counts multinomial: the same law, without touching each claim.
        share = np.bincount(bin_of, minlength=n_bins) / bin_of.size
        return rng.multinomial(bin_of.size, share, size=replicates).astype(np.float64)
    draws = np.empty((replicates, n_bins))
    for row in draws:
        drawn = np.bincount(rng.integers(of.n, size=of.n), minlength=of.n)
        row[:] = np.bincount(bin_of, weights=drawn[of.label], minlength=n_bins)
    return draws
