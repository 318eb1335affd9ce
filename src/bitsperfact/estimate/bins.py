"""Score bins that never split ties: edges at ranks of non-facts, and around every heavy tie."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Facts and non-facts that a bin holds before it is closed.
LEAST_COUNT = 5
#: Ratio of the ranks of neighbouring edges, from the top and from the bottom to the median non-fact.
RATIO = 1.5
#: Largest share of the non-facts between two edges.
LARGEST_STEP = 1 / 40
#: Edges also divide the facts into so many parts.
FACT_QUANTILES = 30
#: A tie of this share of the pool, both classes weighing one half, is kept apart from its neighbours.
HEAVY_TIE = 1 / 30
#: A bin short of non-facts is closed early rather than swallow this many times as many as it needs.
SWALLOWED = 4


def bin_starts(facts: Array, nonfacts: Array) -> Indices:
    """Level at which each bin starts, from counts per level (shape (levels,), scores increasing).

    Facts crowd where non-facts are rare, so that bins of equal mass would either miss the tail or be empty. The
    edges are ranks of non-facts, 5 from either end and then growing by `RATIO`, and quantiles of the facts; a tie
    that holds such a rank starts the bin. Heavy ties get an edge on either side. Then bins are merged from the top
    until each holds `LEAST_COUNT` of each class. Depends on the order of the scores alone.
    """
    mass = 0.5 * (facts / facts.sum() + nonfacts / nonfacts.sum())
    heavy = np.flatnonzero((mass >= HEAVY_TIE) & (facts + nonfacts > 1))
    edges = np.concatenate([[0], heavy, heavy + 1, _rank_starts(nonfacts), _quantile_starts(facts)])
    fine = np.unique(edges[edges < facts.size]).astype(np.intp)
    return _merged(fine, np.add.reduceat(facts, fine), np.add.reduceat(nonfacts, fine))


def order_statistics(starts: Indices, facts: Array, nonfacts: Array) -> NDArray[np.bool_]:
    """Which bins start at an untied non-fact, so that a rank and not a score fixed their edge."""
    return np.asarray((starts > 0) & (facts[starts] == 0) & (nonfacts[starts] == 1))


def _rank_starts(nonfacts: Array) -> Indices:
    """Levels of the non-facts at the ranks that bound bins."""
    total = float(nonfacts.sum())
    ranks = _growing_ranks(total)
    from_top = np.union1d(ranks, total - ranks)
    reached = np.searchsorted(np.cumsum(nonfacts[::-1]), from_top[(from_top > 0) & (from_top < total)])
    return np.asarray(nonfacts.size - 1 - reached, dtype=np.intp)


def _quantile_starts(facts: Array) -> Indices:
    """Levels of the facts that divide them evenly."""
    from_top = facts.sum() * np.arange(1, FACT_QUANTILES) / FACT_QUANTILES
    reached = np.searchsorted(np.cumsum(facts[::-1]), from_top)
    return np.asarray(facts.size - 1 - reached, dtype=np.intp)


def _growing_ranks(total: float) -> Array:
    """5, 10, 15, 23, ... up to half of `total`: at least 5 apart, then in a constant ratio, then evenly."""
    ranks = [float(LEAST_COUNT)]
    while ranks[-1] < total / 2:
        step = min(ranks[-1] * (RATIO - 1), total * LARGEST_STEP)
        ranks.append(np.ceil(ranks[-1] + max(LEAST_COUNT, step)))
    return np.array(ranks)


def _merged(starts: Indices, facts: Array, nonfacts: Array) -> Indices:
    kept: list[int] = []
    fact_count = nonfact_count = 0.0
    for i in range(starts.size - 1, -1, -1):
        # Swallowing a large tie of non-facts would make rare scores look common: the divergence would collapse.
        if fact_count > 0 and nonfact_count < LEAST_COUNT and nonfacts[i] > SWALLOWED * LEAST_COUNT:
            kept.append(int(starts[i + 1]))
            fact_count = nonfact_count = 0.0
        fact_count, nonfact_count = fact_count + facts[i], nonfact_count + nonfacts[i]
        if fact_count >= LEAST_COUNT and nonfact_count >= LEAST_COUNT:
            kept.append(int(starts[i]))
            fact_count = nonfact_count = 0.0
    # What is left at the bottom has few facts, which the estimator bears; it must not have few non-facts.
    if kept and nonfact_count < LEAST_COUNT and (fact_count or nonfact_count):
        kept.pop()
    return np.unique(np.array([0, *kept], dtype=np.intp))
