"""Intervals by resampling clusters: facts and non-facts apart, any number of statistics at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.clusters import Clusters, Groups, clusters_of
from bitsperfact.estimate.few import EffectiveCounts
from bitsperfact.estimate.pool import Pool, Statistic, checked_scores, sorted_pool
from bitsperfact.estimate.shares import share_bounds

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence bounds, in the unit of the statistic, and what they rest on."""

    estimate: float
    lower: float
    upper: float
    n_facts: int
    n_nonfacts: int
    seed: int


def bootstrap(
    statistics: Mapping[str, Callable[..., float]],
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    replicates: int = 200,
    confidence: float = CONFIDENCE,
) -> dict[str, Interval]:
    """Return cluster bootstrap of several statistics on the same resamples.

    Facts and non-facts are resampled apart, whole clusters at a time. Bounds are the quantiles of the replicates,
    moved by their mean's distance to the estimate: resampling adds its own bias to the sample's, which for a
    divergence is as large as the noise. Few clusters stretch them (`small_sample_factor`).
    Shares (`Statistic.share_of`) are widened to the exact binomial interval.

    Args: `statistics`: functions of a `Pool`. `facts`: scores, shape (n,), or (views, n) for several scores of the
    same claims, and then a statistic takes one pool per view; `nonfacts` likewise. `groups`: labels of facts (n,)
    and of non-facts (N,). `confidence`: 1, in (0, 1).
    Returns: an interval per statistic. Raises: ValueError where an argument does not fit this.
    """
    check_resampling(replicates, confidence)
    views, of_facts, of_nonfacts = _views(facts, nonfacts, groups)
    pools = [view.pool for view in views]
    estimates = {name: float(compute(*pools)) for name, compute in statistics.items()}
    draws: dict[str, list[float]] = {name: [] for name in statistics}
    for resampled in _resamples(views, of_facts, of_nonfacts, seed, replicates):
        for name, compute in statistics.items():
            before = compute.before if isinstance(compute, Statistic) else compute
            draws[name].append(float(before(*resampled)))
    counts = EffectiveCounts.of(of_facts, of_nonfacts)
    # A class of one claim varies in no resample, so that no factor would help.
    effective = min((each for each in (counts.facts, counts.nonfacts) if each > 1), default=np.inf)
    return {
        name: _interval(
            compute, estimates[name], _after(compute, draws[name]), pools[0], effective, seed, confidence
        )
        for name, compute in statistics.items()
    }


def _after(compute: Callable[..., float], draws: list[float]) -> Array:
    drawn = np.array(draws)
    return compute.after(drawn) if isinstance(compute, Statistic) and compute.after is not None else drawn


def check_resampling(replicates: int, confidence: float) -> None:
    """Raise ValueError where an interval cannot be had from so many replicates, or at this confidence."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie strictly between 0 and 1, got {confidence:g}")
    if replicates < 2:
        raise ValueError(f"replicates must be at least 2, got {replicates}")


@dataclass(frozen=True)
class _View:
    """One score of the claims: its pool and the level of each claim."""

    pool: Pool
    fact_level: Indices
    nonfact_level: Indices

    def reweighted(self, fact_weight: Array, nonfact_weight: Array) -> Pool:
        levels = self.pool.scores.size
        return self.pool.with_counts(
            _weighted_counts(self.fact_level, fact_weight, levels),
            _weighted_counts(self.nonfact_level, nonfact_weight, levels),
        )


def _weighted_counts(level: Indices, weight: Array, levels: int) -> Array:
    return np.bincount(level, weights=weight, minlength=levels).astype(np.float64)


def _views(facts: ArrayLike, nonfacts: ArrayLike, groups: Groups | None) -> tuple[list[_View], Clusters, Clusters]:
    rows, other_rows = np.atleast_2d(np.asarray(facts)), np.atleast_2d(np.asarray(nonfacts))
    if len(rows) != len(other_rows):
        raise ValueError(f"facts and nonfacts must have as many views, got {len(rows)} and {len(other_rows)}")
    views = [
        _View(*sorted_pool(checked_scores("facts", row), checked_scores("nonfacts", other)))
        for row, other in zip(rows, other_rows, strict=True)
    ]
    return views, *clusters_of(groups, views[0].fact_level.size, views[0].nonfact_level.size)


def _resamples(
    views: list[_View], of_facts: Clusters, of_nonfacts: Clusters, seed: int, replicates: int
) -> Iterator[list[Pool]]:
    # One generator per replicate, so that more replicates extend a run instead of changing it.
    for child in np.random.SeedSequence(seed).spawn(replicates):
        rng = np.random.default_rng(child)
        fact_weight, nonfact_weight = _multiplicity(of_facts, rng), _multiplicity(of_nonfacts, rng)
        yield [view.reweighted(fact_weight, nonfact_weight) for view in views]


def _multiplicity(of: Clusters, rng: np.random.Generator) -> Array:
    """Return how often each claim is drawn: as often as its cluster."""
    drawn = np.bincount(rng.integers(of.n, size=of.n), minlength=of.n).astype(np.float64)
    return np.asarray(drawn[of.label])


def _interval(
    compute: Callable[..., float],
    estimate: float,
    draws: Array,
    pool: Pool,
    effective: float,
    seed: int,
    confidence: float,
) -> Interval:
    error = (1 - confidence) / 2
    lower, upper = centred_quantiles(draws, estimate, error, small_sample_factor(effective, error))
    share_of = compute.share_of if isinstance(compute, Statistic) else None
    if share_of is not None:
        n = pool.n_facts if share_of == "facts" else pool.n_nonfacts
        low, high = share_bounds(estimate * n, n, error)
        lower, upper = max(0.0, min(lower, float(low))), min(1.0, max(upper, float(high)))
    return Interval(estimate, lower, upper, pool.n_facts, pool.n_nonfacts, seed)


def centred_quantiles(draws: Array, estimate: float, error: float, factor: float = 1.0) -> tuple[float, float]:
    """Quantiles of the replicates at `error` and 1 - `error`, moved to the estimate, `factor` times as far."""
    away = factor * (np.quantile(draws, [error, 1 - error]) - draws.mean())
    # A skewed statistic can leave its own interval by a hair.
    return min(float(estimate + away[0]), estimate), max(float(estimate + away[1]), estimate)


def small_sample_factor(effective: float, error: float) -> float:
    """Return how far quantiles of resamples of `effective` independent claims fall short of the sample's (1).

    sqrt(n / (n - 1)) for the variance and t over z for its being estimated: exact for the mean of normal claims.
    """
    n = max(2.0, effective)
    return float(np.sqrt(n / (n - 1)) * stdtrit(n - 1, 1 - error) / ndtri(1 - error))
