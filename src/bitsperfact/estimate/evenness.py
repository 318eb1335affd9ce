"""How evenly bits are spent on facts, whatever the scale of the scores: the channel spends the same on each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.bootstrap import Interval, check_resampling
from bitsperfact.estimate.clusters import Groups, clusters_of
from bitsperfact.estimate.fact_bins import FactBins, fact_bins
from bitsperfact.estimate.forgotten import forgotten_share
from bitsperfact.estimate.pool import checked_scores
from bitsperfact.estimate.told_apart import auc_accepted

Array = NDArray[np.float64]

#: Spreads that are tried for an interval, in units of the observed one.
_TRIED = np.concatenate([np.linspace(0.0, 2.0, 401), np.geomspace(2.01, 50.0, 200)])


@dataclass(frozen=True)
class Evenness:
    """How evenly the bits are spent; at the channel 1, 0, 0, 1/2. Each with its interval.

    `evenness`: KL / log2(1/kappa), kappa the largest share of non-facts that look exactly like facts (1, in [0,
    1]). `spread`: standard deviation over facts of log2 dmu_K/dmu_N (bits). `forgotten_share`: the largest share
    of facts that look exactly like non-facts (1). `auc_accepted`: AUC among accepted claims (1). `n_bins`: how
    many values of the ratio the first two rest on; NaN in [0, 1] and [0, inf] where it is 1 and facts vary.
    """

    evenness: Interval
    spread: Interval
    forgotten_share: Interval
    auc_accepted: Interval
    n_bins: int


def evenness(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    replicates: int = 200,
    confidence: float = CONFIDENCE,
) -> Evenness:
    """Estimate evenness, spread, forgotten share and AUC among accepted claims, free of what noise alone shows.

    All facts have the same log-likelihood ratio l if and only if the law is the channel of Guo & Li 2026 (arXiv
    2602.00906); derived here, as are the estimators. Evenness and spread are those of l in bins of the facts
    (`fact_bins`): at a channel 1 and 0 however they are cut, elsewhere below what finer bins would show.

    - `spread`: the variance of l over bins less that of its noise. The interval is of all spreads s for which the
      spread of s u + noise, u the observed direction, may be what is observed: its lower end is 0 in all but half
      the error at the channel.
    - `evenness`: mean(l) / (mean(l) + g), g = max(l) - mean(l) of l shrunken by its noise. Its ends take g from a
      band that holds in all bins at once. Only the upper end certifies: that bits are spent unevenly.

    Depends on ranks alone. Args: `facts` (n,), `nonfacts` (N,): finite scores. `groups`: labels of facts and of
    non-facts. `confidence`: 1, in (0, 1). Raises: ValueError where an argument does not fit.
    """
    check_resampling(replicates, confidence)
    scores = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    of = clusters_of(groups, scores[0].size, scores[1].size)
    if groups is None:
        # Without groups the order of claims means nothing, not even to what is split.
        scores = np.sort(scores[0]), np.sort(scores[1])
    children = np.random.SeedSequence(seed).spawn(3)
    rngs = [np.random.default_rng(child) for child in children]
    bins = fact_bins(scores, of, rngs[0], replicates)
    error = (1 - confidence) / 2

    def interval(ends: tuple[float, float, float]) -> Interval:
        return Interval(*ends, scores[0].size, scores[1].size, seed)

    return Evenness(
        evenness=interval(_evenness(bins, error)),
        spread=interval(_spread(bins, error)),
        forgotten_share=interval(forgotten_share(scores, of, rngs[1], error)),
        auc_accepted=interval(auc_accepted(scores, of, rngs[2], error)),
        n_bins=bins.share.size,
    )


def _spread(bins: FactBins, error: float) -> tuple[float, float, float]:
    """Estimate and ends, bits."""
    if bins.one_score:
        return 0.0, 0.0, 0.0
    if bins.share.size == 1:
        return float("nan"), 0.0, float("inf")
    centred = bins.ratio - bins.share @ bins.ratio
    observed = float(np.sqrt(bins.share @ centred**2))
    noise = bins.drawn_ratio - bins.drawn_ratio.mean(axis=0)
    direction = centred / observed if observed > 0 else np.zeros_like(centred)
    by_direction, by_both, by_noise = (
        _covariance(bins.drawn_share, *pair)
        for pair in ((direction, direction), (direction, noise), (noise, noise))
    )
    tried = observed * _TRIED[:, None]
    drawn = np.sqrt(np.maximum(0.0, tried**2 * by_direction + 2 * tried * by_both + by_noise))
    below, above = (drawn <= observed).mean(axis=1), (drawn >= observed).mean(axis=1)
    allowed = np.flatnonzero((below > error) & (above > error))
    estimate = float(np.sqrt(max(0.0, observed**2 - by_noise.mean())))
    lower, upper = tried[allowed[[0, -1]], 0] if allowed.size else (0.0, observed)
    return estimate, min(float(lower), estimate), max(float(upper), estimate) if bins.resolved else np.inf


def _covariance(share: Array, x: Array, y: Array) -> Array:
    """Covariance over facts, shape (replicates,), of values in bins, (bins,) or (replicates, bins)."""
    return np.asarray((share * x * y).sum(axis=1) - (share * x).sum(axis=1) * (share * y).sum(axis=1))


def _evenness(bins: FactBins, error: float) -> tuple[float, float, float]:
    """Estimate and ends, 1."""
    if bins.one_score:
        return 1.0, 1.0, 1.0
    if bins.share.size == 1:
        return float("nan"), 0.0, 1.0
    mean = float(bins.share @ bins.ratio)
    ahead = bins.ratio - mean
    noise = bins.drawn_ratio - bins.drawn_ratio.mean(axis=0)
    of_mean = noise @ bins.share
    of_ahead = noise - of_mean[:, None]
    # Half of each side's error for the mean, and half for the band of what bins are ahead of it.
    reach_of_mean = float(np.quantile(np.abs(of_mean), 1 - error))
    scale = np.maximum(of_ahead.std(axis=0), 1e-12)
    reach = scale * float(np.quantile(np.abs(of_ahead / scale).max(axis=1), 1 - error / 2))
    variance = float(bins.share @ ahead**2)
    kept = max(0.0, 1 - float((bins.share * of_ahead**2).sum(axis=1).mean()) / variance) if variance > 0 else 0.0
    upper = _even(mean + reach_of_mean, float((ahead - reach).max()))
    lower = _even(mean - reach_of_mean, float((ahead + reach).max())) if bins.resolved else 0.0
    estimate = _even(mean, np.sqrt(kept) * float(ahead.max()))
    return estimate, min(lower, estimate), max(upper, estimate)


def _even(mean: float, ahead: float) -> float:
    """Mean over maximum, where the maximum is so far ahead of the mean; 1 where it is not."""
    if ahead <= 0:
        return 1.0
    return max(0.0, mean) / (max(0.0, mean) + ahead)
