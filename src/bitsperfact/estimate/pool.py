"""Scores of facts and non-facts, sorted once: all that a rank statistic needs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.estimate.bins import bin_starts, order_statistics

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Pool:
    """Counts of facts and non-facts at each distinct score.

    `scores`: shape (levels,), strictly increasing, any unit. `facts`, `nonfacts`: shape (levels,), counts (1,
    whole but in a pool that says what claims are `worth`). `bins`: shape (bins,), the level at which each bin
    starts. `chosen`: shape (bins,), whether a
    bin's lower edge is a non-fact of this sample. A resampled pool keeps the levels and the bins of the data, with
    other counts: statistics ignore levels that nobody occupies.
    """

    scores: Array
    facts: Array
    nonfacts: Array
    bins: Indices
    chosen: NDArray[np.bool_]

    @classmethod
    def of(cls, facts: ArrayLike, nonfacts: ArrayLike) -> "Pool":
        """Pool two arrays of scores; ValueError where one is empty, not 1-D, or not finite."""
        first, second = np.sort(checked_scores("facts", facts)), np.sort(checked_scores("nonfacts", nonfacts))
        # Two sorted runs: a merge sort joins them in linear time.
        joined = np.sort(np.concatenate([first, second]), kind="stable")
        scores = joined[np.concatenate([[True], joined[1:] != joined[:-1]])]
        return counted_pool(scores, _counts(first, scores), _counts(second, scores))

    @property
    def n_facts(self) -> int:
        """Number of facts, counted as often as they were drawn."""
        return round(float(self.facts.sum()))

    @property
    def n_nonfacts(self) -> int:
        """Number of non-facts, counted as often as they were drawn."""
        return round(float(self.nonfacts.sum()))

    @property
    def edges(self) -> Array:
        """Least score of every bin but the lowest, shape (bins - 1,)."""
        return self.scores[self.bins[1:]]

    def binned(self) -> tuple[Array, Array]:
        """Return the counts of facts and of non-facts per bin, each of shape (bins,)."""
        return np.add.reduceat(self.facts, self.bins), np.add.reduceat(self.nonfacts, self.bins)

    def worth(self, facts: float, nonfacts: float) -> "Pool":
        """Divide the counts by the design effects (1) of both classes; the same levels, in bins of their own."""
        counts = self.facts / facts, self.nonfacts / nonfacts
        bins = bin_starts(*counts)
        return Pool(self.scores, *counts, bins, order_statistics(bins, self.facts, self.nonfacts))

    def with_counts(self, facts: Array, nonfacts: Array) -> "Pool":
        """Return the same levels and bins with other counts."""
        # The edges were chosen on the data, so for a resample they are fixed.
        return Pool(self.scores, facts, nonfacts, self.bins, np.zeros_like(self.chosen))


def checked_scores(name: str, values: ArrayLike) -> Array:
    """Return scores as a float64 vector; ValueError where they are empty, not 1-D, or not finite."""
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1:
        raise ValueError(f"{name} must be a 1-D array of scores, got shape {scores.shape}")
    if scores.size == 0:
        raise ValueError(f"{name} must hold at least one score, got none: both classes are needed")
    if not np.isfinite(scores).all():
        where = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise ValueError(f"{name} must be finite scores, got {scores[where]} at position {where}")
    return scores


def sorted_pool(facts: Array, nonfacts: Array) -> tuple[Pool, Indices, Indices]:
    """Return the pool of checked scores, with the level of each fact and of each non-fact."""
    scores, level = np.unique(np.concatenate([facts, nonfacts]), return_inverse=True)
    of_facts, of_nonfacts = level[: facts.size], level[facts.size :]
    count_facts = np.bincount(of_facts, minlength=scores.size).astype(np.float64)
    count_nonfacts = np.bincount(of_nonfacts, minlength=scores.size).astype(np.float64)
    return counted_pool(scores, count_facts, count_nonfacts), of_facts, of_nonfacts


def counted_pool(scores: Array, facts: Array, nonfacts: Array) -> Pool:
    """Return the pool of counts per level, each of shape (levels,), binned."""
    bins = bin_starts(facts, nonfacts)
    return Pool(scores, facts, nonfacts, bins, order_statistics(bins, facts, nonfacts))


def _counts(ordered: Array, levels: Array) -> Array:
    return np.diff(np.searchsorted(ordered, levels, side="right"), prepend=0).astype(np.float64)


class Statistic:
    """A number computed from a pool, callable on a `Pool` or on two arrays of scores (facts, nonfacts).

    `share_of` names the class whose share the number is, if it is one: the bootstrap of a share of 0 or 1 is
    degenerate, so that `bootstrap` widens it to the exact binomial interval. `after` maps what `compute` gives to
    the number, arrays at once: where it is dear, resamples share it.
    """

    __doc__: str | None

    def __init__(
        self,
        compute: Callable[..., float],
        share_of: Literal["facts", "nonfacts"] | None = None,
        after: Callable[[Array], Array] | None = None,
    ) -> None:
        self.before = compute
        self.share_of = share_of
        self.after = after
        update_wrapper(self, compute)

    @overload
    def __call__(self, facts: Pool, nonfacts: None = None, **options: Any) -> float: ...
    @overload
    def __call__(self, facts: ArrayLike, nonfacts: ArrayLike, **options: Any) -> float: ...
    def __call__(self, facts: Any, nonfacts: Any = None, **options: Any) -> float:
        """Return the statistic of a pool, or of the pool of two arrays of scores."""
        pool = facts if isinstance(facts, Pool) else Pool.of(facts, nonfacts)
        found = self.before(pool, **options)
        return found if self.after is None else float(self.after(np.array([found]))[0])
