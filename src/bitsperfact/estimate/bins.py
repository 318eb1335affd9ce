"""Score bins that never split ties: edges at ranks of non-facts, and around every heavy tie."""

from math import log
from typing import NamedTuple

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
#: A tie of this share of the facts or of the non-facts is kept apart from its neighbours.
HEAVY_TIE = 1 / 100
#: Likelihood ratio (twice its logarithm, nats) from which two bins are not merged, however few claims they hold.
UNLIKE = 16.0

#: Likelihood ratio from which what is left over of one bin joins the bin before rather than the one after.
DOUBTFUL = 12.0


def bin_starts(facts: Array, nonfacts: Array) -> Indices:
    """Level at which each bin starts, from counts per level (shape (levels,), scores increasing).

    Facts crowd where non-facts are rare, so that bins of equal mass would either miss the tail or be empty. The
    edges are ranks of non-facts, 5 from either end and then growing by `RATIO`, and quantiles of the facts; a tie
    that holds such a rank starts the bin. Heavy ties get an edge on either side, and so do crowds of non-facts
    with no fact among them. Then bins are merged, from the top and from the bottom to the median non-fact, until
    each holds `LEAST_COUNT` of each class, but never across a step of the ratio of facts to non-facts that chance
    would not make (`UNLIKE`): a crowd of non-facts poured into the bin of the facts would make rare scores look
    common. Depends on the order of the scores alone.
    """
    heavy, ranks = heavy_ties(facts, nonfacts), rank_starts(nonfacts, _growing_ranks(nonfacts.sum()))
    edges = np.concatenate([[0], heavy, heavy + 1, ranks, _quantile_starts(facts), _crowds(facts, nonfacts)])
    fine = np.unique(edges[edges < facts.size]).astype(np.intp)
    return fine[_merged(np.add.reduceat(facts, fine), np.add.reduceat(nonfacts, fine))]


def heavy_ties(facts: Array, nonfacts: Array) -> Indices:
    """Levels, of counts of shape (levels,), that several claims share and that hold much of either class."""
    share = np.maximum(facts / facts.sum(), nonfacts / nonfacts.sum())
    return np.flatnonzero((share >= HEAVY_TIE) & (facts + nonfacts > 1))


def rank_starts(nonfacts: Array, ranks: Array) -> Indices:
    """Return the levels of the non-facts at `ranks` (1, a count), from the top and from the bottom."""
    total = float(nonfacts.sum())
    from_top = np.union1d(ranks, total - ranks)
    reached = np.searchsorted(np.cumsum(nonfacts[::-1]), from_top[(from_top > 0) & (from_top < total)])
    return np.asarray(nonfacts.size - 1 - reached, dtype=np.intp)


def order_statistics(starts: Indices, facts: Array, nonfacts: Array) -> NDArray[np.bool_]:
    """Return which bins start at an untied non-fact, so that a rank and not a score fixed their edge."""
    return np.asarray((starts > 0) & (facts[starts] == 0) & (nonfacts[starts] == 1))


def _quantile_starts(facts: Array) -> Indices:
    """Levels of the facts that divide them evenly."""
    from_top = facts.sum() * np.arange(1, FACT_QUANTILES) / FACT_QUANTILES
    reached = np.searchsorted(np.cumsum(facts[::-1]), from_top)
    return np.asarray(facts.size - 1 - reached, dtype=np.intp)


def _crowds(facts: Array, nonfacts: Array) -> Indices:
    """Levels at which `LARGEST_STEP` of the non-facts or more, with no fact among them, start and end."""
    held, below = np.flatnonzero(facts), np.concatenate([[0.0], np.cumsum(nonfacts)])
    starts, ends = np.concatenate([[0], held + 1]), np.concatenate([held, [facts.size]])
    crowded = below[ends] - below[starts] >= LARGEST_STEP * below[-1]
    return np.concatenate([starts[crowded], ends[crowded]])


def _growing_ranks(total: float) -> Array:
    """5, 10, 15, 23, ... up to half of `total`: at least 5 apart, then in a constant ratio, then evenly."""
    ranks = [float(LEAST_COUNT)]
    while ranks[-1] < total / 2:
        step = min(ranks[-1] * (RATIO - 1), total * LARGEST_STEP)
        ranks.append(np.ceil(ranks[-1] + max(LEAST_COUNT, step)))
    return np.array(ranks)


class _Group(NamedTuple):
    """Neighbouring bins that are merged: the lowest of them, and what they hold."""

    first: int
    facts: float
    nonfacts: float

    @property
    def is_short(self) -> bool:
        return self.facts < LEAST_COUNT or self.nonfacts < LEAST_COUNT

    def joined(self, other: "_Group") -> "_Group":
        return _Group(min(self.first, other.first), self.facts + other.facts, self.nonfacts + other.nonfacts)

    def unlikeness(self, other: "_Group") -> float:
        """Return twice the log of the likelihood ratio against one ratio of facts to non-facts in both (nats)."""
        both = self.joined(other)
        return 2 * (_entropy(both) - _entropy(self) - _entropy(other))


def _entropy(of: _Group) -> float:
    """Claims times the entropy of their labels (nats)."""
    return sum(-count * log(count / (of.facts + of.nonfacts)) for count in of[1:] if count > 0)


def _merged(facts: Array, nonfacts: Array) -> Indices:
    """Index at which each merged bin starts, increasing."""
    fine = [_Group(i, *counts) for i, counts in enumerate(zip(facts.tolist(), nonfacts.tolist(), strict=True))]
    median = int(np.searchsorted(np.cumsum(nonfacts), nonfacts.sum() / 2))
    merged = _closed(fine[:median]) + _closed(fine[median:][::-1])[::-1]
    return np.array([group.first for group in _without_remnants(merged)], dtype=np.intp)


def _closed(groups: list[_Group]) -> list[_Group]:
    """Each merged with those that follow, until it holds enough, or what follows is unlike it."""
    closed: list[_Group] = []
    for group, ahead in zip(groups, _ahead(groups), strict=True):
        if closed and closed[-1].is_short and closed[-1].unlikeness(ahead) < _limit(closed):
            closed[-1] = closed[-1].joined(group)
        else:
            closed.append(group)
    return closed


def _limit(closed: list[_Group]) -> float:
    """How unlike what follows may be: not more than what came before, where that could be chance no more."""
    if len(closed) == 1:
        return UNLIKE
    return min(UNLIKE, max(DOUBTFUL, closed[-1].unlikeness(closed[-2])))


def _ahead(groups: list[_Group]) -> list[_Group]:
    """Each with those that follow until both classes are many: one alone may be too small to be unlike."""
    counts = np.array([group[1:] for group in groups]).reshape(-1, 2)
    upto = np.concatenate([np.zeros((1, 2)), np.cumsum(counts, axis=0)])
    ends = np.max([np.searchsorted(each, each[:-1] + LEAST_COUNT) for each in upto.T], axis=0)
    held = upto[np.minimum(ends, len(groups))] - upto[:-1]
    return [_Group(group.first, *row) for group, row in zip(groups, held.tolist(), strict=True)]


def _without_remnants(groups: list[_Group]) -> list[_Group]:
    """Of what is left short, the one most like a neighbour joins it, until none is like one."""
    kept = list(groups)
    while len(kept) > 1:
        pairs = [
            (kept[i].unlikeness(kept[i + 1]), i) for i in range(len(kept) - 1) if _may_join(kept[i], kept[i + 1])
        ]
        near, i = min(pairs, default=(UNLIKE, 0))
        if near >= UNLIKE:
            break
        kept[i : i + 2] = [kept[i].joined(kept[i + 1])]
    return kept


def _may_join(one: _Group, other: _Group) -> bool:
    return one.is_short or other.is_short
