"""Bits per fact: the headline number, its interval, its certificate, and whether the sample can resolve it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.bootstrap import check_resampling
from bitsperfact.estimate.certificate import certified_bits
from bitsperfact.estimate.clusters import Clusters, Groups, clusters_of
from bitsperfact.estimate.divergence import binned_bits
from bitsperfact.estimate.few import EffectiveCounts
from bitsperfact.estimate.interval import Draws, bits_interval, design_effect
from bitsperfact.estimate.pool import Pool, checked_scores
from bitsperfact.estimate.resampling import (
    clustered_draws,
    independent_draws,
    mean_design_effect,
    part_counts,
)
from bitsperfact.estimate.resolution import NONFACTS_PER_RATE, Resolution

Array = NDArray[np.float64]

#: Design effect up to which clusters count as single claims.
NEGLIGIBLE_DESIGN = 1.2

ESTIMATOR = "binned digamma"


@dataclass(frozen=True)
class BitsPerFact:
    """Divergence of fact scores from non-fact scores, with what the sample allows one to say about it.

    `estimate`, `lower`, `upper`: bits, in [0, inf]; `upper` is inf where too many facts score where the sample has
    too few non-facts to bound it. `certified`: bits that hold without assumptions, at the same confidence.
    `resolution_limited`: the non-facts are too few for the estimate; report ">= certified" instead.
    `effective_facts`, `effective_nonfacts`: independent claims (1) that each class is worth at worst, if a
    cluster's claims are alike; below 30 `lower` is above 0 only where an exact test tells the classes apart.
    `dominated`: one cluster of several claims holds more than a quarter of a class, so that bits are mostly its.
    `reversed`: facts surely score below non-facts (AUC under 1/2); bits do not ask for the direction.
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
    effective_facts: float
    effective_nonfacts: float
    dominated: bool
    reversed: bool
    estimator: str = ESTIMATOR


def bits_per_fact(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    replicates: int = 400,
    confidence: float = CONFIDENCE,
) -> BitsPerFact:
    """Return the bits per fact that a tester spends: KL(scores of facts || scores of non-facts).

    Guo & Li 2026, arXiv 2602.00906: the memory per fact of a sparse membership tester. Estimated from binned
    counts (`bin_starts`, `digamma_kl_bits`), so that it is the same for every increasing function of the score;
    where claims of a cluster are alike, from counts divided by the design effect (`mean_design_effect`).
    The interval resamples clusters within the bins (`bits_interval`); the certificate is `certified_bits`. The
    estimate is low where N < 10 * 2^bits, and counts as resolved from N >= 50 * 2^bits on, with N divided by the
    design effect of its clusters, if both tails are (`Resolution`).

    Args: `facts` (n,), `nonfacts` (N,): finite scores, any increasing scale. `groups`: labels of facts and of
    non-facts, claims of one label being drawn together. `confidence`: 1, in (0, 1).
    Raises: ValueError where a sample is empty or not finite, or another argument does not fit.
    """
    check_resampling(replicates, confidence)
    first, second = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    of_facts, of_nonfacts = clusters_of(groups, first.size, second.size)
    effective = EffectiveCounts.of(of_facts, of_nonfacts)
    pool, designs = _worth(Pool.of(first, second), (first, second), (of_facts, of_nonfacts))
    estimate = binned_bits(pool) - _unseen_bits(pool, effective)
    draws = _draws(pool, designs, (first, second), (of_facts, of_nonfacts), seed, replicates)
    together = 1.0 if of_nonfacts.are_single_claims else design_effect(pool, draws.nonfacts, seed)
    limited = is_resolution_limited(pool, estimate, together)
    interval = bits_interval(pool, draws, estimate, effective, limited, seed, confidence)
    return BitsPerFact(
        estimate=max(0.0, estimate),
        lower=interval.lower,
        upper=interval.upper,
        certified=certified_bits(first, second, of_facts, of_nonfacts, confidence),
        resolution_limited=limited,
        n_facts=first.size,
        n_nonfacts=second.size,
        seed=seed,
        confidence=confidence,
        effective_facts=effective.facts,
        effective_nonfacts=effective.nonfacts,
        dominated=effective.dominated,
        reversed=interval.reversed,
    )


def is_resolution_limited(pool: Pool, bits: float, design_effect: float = 1.0) -> bool:
    """Return whether non-facts are too few, or too far from facts, for `bits` to be more than a lower limit."""
    too_few = pool.nonfacts.sum() / design_effect < NONFACTS_PER_RATE * 2.0**bits
    return bool(too_few or not Resolution.of(pool).is_bounded(bits))


def _worth(
    pool: Pool, scores: tuple[Array, Array], of: tuple[Clusters, Clusters]
) -> tuple[Pool, tuple[float, float]]:
    """Return the pool at what its clusters are worth, and the design effect of each class (1)."""
    edges = pool.scores[pool.bins]
    facts, nonfacts = (
        1.0
        if clustering.are_single_claims
        else mean_design_effect(part_counts(values, edges, clustering, np.random.default_rng(0)))
        for values, clustering in zip(scores, of, strict=True)
    )
    # Claims that are nearly independent stay claims: bins at ranks need whole ones.
    designs = tuple(each if each > NEGLIGIBLE_DESIGN else 1.0 for each in (facts, nonfacts))
    return (pool.worth(*designs) if max(designs) > 1 else pool), (designs[0], designs[1])


def _unseen_bits(pool: Pool, effective: EffectiveCounts) -> float:
    """Bits to take off where facts are without a non-fact: no cluster is there, which is less than no claim."""
    unseen, worth = Resolution.of(pool).unseen, float(pool.nonfacts.sum())
    return unseen * max(0.0, float(np.log2(worth / effective.nonfacts)))


def _draws(
    pool: Pool,
    designs: tuple[float, float],
    scores: tuple[Array, Array],
    of: tuple[Clusters, Clusters],
    seed: int,
    replicates: int,
) -> Draws:
    edges, children = pool.scores[pool.bins], np.random.SeedSequence(seed).spawn(2)
    drawn = []
    for counts, design, values, clustering, child in zip(
        pool.binned(), designs, scores, of, children, strict=True
    ):
        rng = np.random.default_rng(child)
        if clustering.are_single_claims:
            drawn.append(independent_draws(counts, rng, replicates))
        else:
            drawn.append(clustered_draws(values, edges, clustering, rng, replicates) / design)
    return Draws(*drawn)
