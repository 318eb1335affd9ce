"""A lower bound on bits per fact that holds without assumptions on the score distributions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.clusters import Clusters
from bitsperfact.estimate.shares import ClusteredShare, Counts
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]

#: Share of the error for tests that take high scores for facts; low scores have the rest.
_HIGH = 0.85
#: Share of the error for the recall of facts, the non-facts having the rest.
_RECALL = 1 / 3
#: Levels of recall, from none missed on, so many standard deviations of the count missed apart.
_LEVELS = 24
_APART = 2
#: The error of the levels falls with this power of their number, 1, 2, ...
_POWER = 1.25
#: Share of the non-facts' error that few accepted clusters have, and how it falls on so many of them.
_FEW = 0.3
_FEW_TOUCHED = np.array([0, 1, 3, 6])
_OF_FEW = np.array([0.5, 0.2, 0.15, 0.15])


def certified_bits(
    facts: Array, nonfacts: Array, of_facts: Clusters, of_nonfacts: Clusters, confidence: float
) -> float:
    """Return the bits per fact that the scores have with at least this confidence, 0 where none can be certified.

    A test "accept from t on" has recall R(t) and false-positive rate F(t). Recall levels r_1 > r_2 > ... are fixed
    in advance, by the sizes of the facts' clusters alone. Let t_k be the highest threshold with R(t_k) >= r_k: a
    fixed number, though unknown. With errors e_k and e'_k that add up to 1 - confidence (derived here):

    1. T_k is the highest threshold at which the facts exclude a recall below r_k at e_k. A higher threshold misses
       more, so where T_k > t_k the facts also exclude that scores of t_k and less hold a share 1 - r_k of them.
       They do hold it, so this happens with probability at most e_k. For independent facts T_k is an order
       statistic and r_k its beta quantile.
    2. f_k is the upper bound of F(t_k) at e'_k from the non-facts that are accepted at t_k. From T_k <= t_k on at
       least as many are, and the bound grows with them. So f_k taken at T_k holds as well, no matter how T_k and
       the non-facts depend on each other.
    3. Where few are accepted one event serves all levels. If F exceeded f somewhere while at most c clusters are
       touched, at most c would be at the one fixed threshold where F is f: so the bound at c needs no error of its
       own for every level.

    Hence, by the union bound, all (f_k, r_k) at once are points on or below the ROC curve of the scores; and so
    are sums of a point of high scores and one of low scores that do not overlap, with the same bounds on -score.
    The concave majorant of these points, of (0, 0) and (1, 1) is below the curve of likelihood-ratio tests, which
    means that it belongs to a coarser experiment (Blackwell 1953), and its divergence, the sum of
    dr log2(dr / df) over its edges, is at most that of the scores, by data processing.

    Holds for facts and non-facts that are independent between clusters, of unequal laws if need be; the laws meant
    are the claim-weighted ones (`ClusteredShare`). A fact may depend on the non-facts of its entity. What ties
    claims of several entities is not covered. Depends on the order of scores alone: on no scale, seed, or order of
    claims; equal scores are accepted together.

    Args: `facts` (n,), `nonfacts` (N,): finite scores. `confidence`: 1, in (0, 1). Returns: bits, in [0, inf).
    """
    error = 1 - confidence
    high = _points(facts, nonfacts, of_facts, of_nonfacts, _HIGH * error)
    low = _points(-facts, -nonfacts, of_facts, of_nonfacts, (1 - _HIGH) * error)
    return _majorant_bits(np.concatenate([high.rates, low.rates, high.with_low(low)]))


@dataclass(frozen=True)
class _Points:
    """Points below the ROC curve of "accept from a threshold on", one per level of recall.

    `thresholds`: shape (levels,). `rates`: shape (levels, 2), upper bounds of the share of non-facts that is
    accepted and lower bounds of the share of facts (1).
    """

    thresholds: Array
    rates: Array

    def with_low(self, low: "_Points") -> Array:
        """Return rates, shape (pairs, 2), of accepting high and low scores, where no score is both."""
        one, other = np.nonzero(self.thresholds[:, None] > -low.thresholds)
        return np.asarray(self.rates[one] + low.rates[other])


def _points(facts: Array, nonfacts: Array, of_facts: Clusters, of_nonfacts: Clusters, error: float) -> _Points:
    """Points that are all below the curve with probability 1 - `error`."""
    for_recall, for_rate = _RECALL * error, (1 - _RECALL) * error
    # What a level has of the error, about: only the choice of clusters too large to weigh depends on it.
    missed = ClusteredShare.weighing(of_facts, for_recall / 4)
    accepted = ClusteredShare.weighing(of_nonfacts, for_rate / 4)
    counts = _missed_counts(missed.m)
    weights = _weights(counts.size)
    recalls = 1 - missed.bound_of_count(counts, missed.part * for_recall * weights)
    thresholds = _thresholds(facts, missed, counts, recalls, for_recall * weights)
    found = np.isfinite(thresholds) & (recalls > 0)
    marked = [accepted.count(nonfacts >= threshold) for threshold in thresholds[found]]
    rates = accepted.upper(marked, for_rate * (1 - _FEW) * weights[found])
    few = accepted.bound_of_count(_FEW_TOUCHED, for_rate * _FEW * _OF_FEW)
    enough = np.searchsorted(_FEW_TOUCHED, [each.touched for each in marked])
    rates = np.minimum(rates, np.append(few, 1.0)[enough])
    return _Points(thresholds[found], np.column_stack([rates, recalls[found]]))


def _weights(levels: int) -> Array:
    """Shares of the levels in the error, shape (levels,)."""
    weights = np.arange(1, levels + 1, dtype=np.float64) ** -_POWER
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _missed_counts(n: int) -> Counts:
    """Numbers of missed facts among `n` that make the levels of recall, increasing from 0, all below `n`."""
    counts = np.arange(_LEVELS) ** 2 * (_APART / 2) ** 2
    if counts[-1] < n:
        # Half of them as they are, then even steps of the arcsine's root, which is as noisy everywhere.
        near = counts[: _LEVELS // 2]
        angles = np.linspace(np.arcsin(np.sqrt(near[-1] / n)), np.pi / 2, _LEVELS - near.size + 2)
        counts = np.concatenate([near, n * np.sin(angles[1:-1]) ** 2])
    whole = np.unique(np.ceil(counts).astype(np.intp))
    return whole[whole < n]


def _thresholds(facts: Array, missed: ClusteredShare, counts: Counts, recalls: Array, errors: Array) -> Array:
    """Return the highest facts' scores at which recalls below `recalls` are excluded; NaN where one nowhere is."""
    ordered = np.sort(facts)
    if missed.of.are_single_claims:
        return np.asarray(ordered[counts])
    found = np.full(counts.size, np.nan)
    for level, (count, recall, error) in enumerate(zip(counts.tolist(), recalls, errors, strict=True)):
        low, high = -1, ordered.size - 1
        while low < high:
            middle = (low + high + 1) // 2
            marked = missed.count(facts < ordered[middle])
            low, high = (middle, high) if missed.excludes(marked, 1 - recall, count, error) else (low, middle - 1)
        if low >= 0:
            found[level] = ordered[low]
    return found


def _majorant_bits(rates: Array) -> float:
    """Divergence, bits, of the concave majorant of points and (0, 0), (1, 1).

    `rates`: shape (points, 2), shares of non-facts and of facts (1).
    """
    points = np.minimum(1.0, rates[rates[:, 1] > rates[:, 0]])
    points = points[np.lexsort((-points[:, 1], points[:, 0]))]
    highest = np.maximum.accumulate(np.concatenate([[0.0], points[:, 1]]))
    hull = [(0.0, 0.0)]
    for point in [*map(tuple, points[np.diff(highest) > 0].tolist()), (1.0, 1.0)]:
        if point[1] <= hull[-1][1]:
            continue
        while len(hull) > 1 and _is_below(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    df, dr = np.diff(np.array(hull), axis=0).T
    return max(0.0, float(nats_to_bits(np.sum(dr * np.log(dr / df)))))


def _is_below(left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]) -> bool:
    """Return whether `middle` lies on or below the line from `left` to `right`."""
    rise = (middle[1] - left[1]) * (right[0] - left[0])
    return rise <= (right[1] - left[1]) * (middle[0] - left[0])
