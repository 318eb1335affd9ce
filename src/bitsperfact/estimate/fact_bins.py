"""Bins between quantiles of the facts: where facts lie, how rare the non-facts there are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from bitsperfact.estimate.channel import nearest_channel
from bitsperfact.estimate.clusters import Clusters
from bitsperfact.estimate.pool import Pool
from bitsperfact.estimate.resampling import clustered_draws, independent_draws
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Facts, and accepted non-facts, that a bin should hold; and below which it joins a neighbour.
ENOUGH, LEAST = 20, 5
MOST_BINS = 24
#: A bin of so many times the facts that it should have hides how the ratio varies within it, as do so few bins.
_TOO_WIDE, _SO_FEW = 1.75, 8


@dataclass(frozen=True)
class FactBins:
    """Log-likelihood ratio in bins that hold facts, with bootstrap draws of it.

    `share`: shape (bins,), share of the facts (1). `ratio`: shape (bins,), log2 of the ratio of the shares of
    facts and of non-facts (bits). `drawn_share`, `drawn_ratio`: shape (replicates, bins). `one_score`: whether all
    facts score alike, so that the ratio cannot vary among them. `resolved`: whether bins are many, and none
    had to grow much beyond its share of the facts for want of non-facts, unless the facts of each score alike.
    """

    share: Array
    ratio: Array
    drawn_share: Array
    drawn_ratio: Array
    one_score: bool
    resolved: bool


def fact_bins(
    scores: tuple[Array, Array], of: tuple[Clusters, Clusters], rng: np.random.Generator, replicates: int
) -> FactBins:
    """Return bins of even shares of the facts, as many as the non-facts among them allow; ties are never split.

    Non-facts below the lowest fact or above the highest belong to no bin. A channel has the same ratio in each
    bin, however they are cut: that is why the edges are the facts'.

    Args: `scores`: of facts (n,) and of non-facts (N,); `of`: their clusters.
    """
    facts, nonfacts = (np.sort(values) for values in scores)
    bins = _count(facts, nonfacts)
    edges = _edges(facts, nonfacts, bins)
    counts = [np.histogram(values, np.append(edges, np.inf))[0].astype(np.float64) for values in (facts, nonfacts)]
    bin_of = _joined(*counts)
    members = (bin_of[:, None] == np.arange(bin_of.max() + 1)).astype(np.float64)
    drawn_facts, drawn_nonfacts = (
        _draws(values, count, edges, clustering, rng, replicates) @ members
        for values, count, clustering in zip(scores, counts, of, strict=True)
    )
    inside_facts, inside_nonfacts = (count @ members for count in counts)
    share = inside_facts / facts.size
    bin_of_fact = bin_of[np.searchsorted(edges, facts, side="right") - 1]
    is_one_score = np.array([np.ptp(facts[bin_of_fact == each]) == 0 for each in range(share.size)])
    return FactBins(
        share=share,
        ratio=_ratio(inside_facts, inside_nonfacts, facts.size, nonfacts.size),
        drawn_share=drawn_facts / drawn_facts.sum(axis=1, keepdims=True),
        drawn_ratio=_ratio(drawn_facts, drawn_nonfacts, facts.size, nonfacts.size),
        one_score=bool(facts[0] == facts[-1]),
        resolved=bool((is_one_score | ((share <= _TOO_WIDE / bins) & (share.size >= _SO_FEW))).all()),
    )


def _count(facts: Array, nonfacts: Array) -> int:
    """Return the number of bins that facts and accepted non-facts are enough for."""
    return int(np.clip(min(facts.size, _accepted(facts, nonfacts)) / ENOUGH, 1, MOST_BINS))


def _accepted(facts: Array, nonfacts: Array) -> int:
    """Twice the non-facts above the median fact: forgotten facts, among most of the non-facts, must not count."""
    return 2 * (nonfacts.size - int(np.searchsorted(nonfacts, facts[facts.size // 2])))


def _edges(facts: Array, nonfacts: Array, bins: int) -> Array:
    """Least score of each cell: even ranks of the facts, and both sides of every tie too heavy for a cell.

    And the threshold of the nearest channel, which parts facts that are forgotten from those that are not.
    """
    accepted = _accepted(facts, nonfacts)
    even = facts[(np.arange(bins) * facts.size) // bins]
    parting = [nearest_channel(Pool.of(facts, nonfacts)).threshold]
    heavy = np.concatenate([_ties(facts, facts.size / bins), _ties(nonfacts, max(ENOUGH, accepted / bins))])
    within = np.concatenate([heavy, np.nextafter(heavy, np.inf), parting])
    within = within[(within >= facts[0]) & (within <= facts[-1])]
    return np.unique(np.concatenate([[-np.inf], even, within, [np.nextafter(facts[-1], np.inf)]]))


def _ties(ordered: Array, least: float) -> Array:
    """Scores that more than one claim, and at least so many, have."""
    values, counts = np.unique(ordered, return_counts=True)
    return np.asarray(values[(counts > 1) & (counts >= least)])


def _joined(facts: Array, nonfacts: Array) -> Indices:
    """Bin of each cell, from the top: cells join until a bin holds `LEAST` of each class; -1 without facts."""
    bin_of = np.full(facts.size, -1, dtype=np.intp)
    bins = 0
    held = np.zeros(2)
    for cell in np.flatnonzero(facts > 0)[::-1]:
        bin_of[cell] = bins
        held += facts[cell], nonfacts[cell]
        if (held >= LEAST).all():
            bins, held = bins + 1, np.zeros(2)
    if held.any() and bins > 0:
        bin_of[bin_of == bins] = bins - 1
    return bin_of


def _draws(
    scores: Array, counts: Array, edges: Array, of: Clusters, rng: np.random.Generator, replicates: int
) -> Array:
    if of.are_single_claims:
        return independent_draws(counts, rng, replicates)
    return clustered_draws(scores, edges, of, rng, replicates)


def _ratio(facts: Array, nonfacts: Array, n: int, N: int) -> Array:
    """Log2 ratio of shares (bits), by digammas: E[digamma(k + 1)] is ln of the mean of a Poisson count k."""
    log_ratio = digamma(facts + 1) - np.log(n) - digamma(nonfacts + 1) + np.log(N)
    return np.asarray(nats_to_bits(log_ratio))
