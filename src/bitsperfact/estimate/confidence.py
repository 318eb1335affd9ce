"""What a tester's own confidence says: log-odds at their word, where other estimates use their order only."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import binom, norm

from bitsperfact import theory
from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.bootstrap import Interval
from bitsperfact.estimate.clusters import Clusters, Groups, clusters_of
from bitsperfact.estimate.pool import checked_scores
from bitsperfact.estimate.worth import bounds, worth

Array = NDArray[np.float64]


def own_confidence(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    fact_weight: float = 0.5,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> dict[str, Interval]:
    """Return `own_x_star`, `own_miss_rate` (1, in [0, 1]), `own_loss` (nats) and `own_bits` (bits) of log-odds.

    `own_x_star`: median confidence in facts, between order statistics. `own_miss_rate`: share of facts below even
    odds, within binomial bounds. `own_loss`: `theory.weighted_log_loss`, with a normal interval from clusters as
    they are (linearised ratio estimate, as in Korn & Graubard 1998), NaN ends where nothing varies. `own_bits`:
    the bits at which the optimum has that loss (`theory.effective_bits`). All by cluster (derived here).

    Args: `facts` (n,), `nonfacts` (N,): log-odds that a claim is a fact, nats, finite. `groups`: labels of facts
    and of non-facts. `fact_weight`: a, weight of facts in the loss, in (0, 1). `confidence`: 1, in (0, 1).
    Raises: ValueError where an argument does not fit.
    """
    scores = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    of = clusters_of(groups, scores[0].size, scores[1].size)
    error = (1 - confidence) / 2
    missed = scores[0] < 0
    loss = _loss(scores, groups, fact_weight, error)
    of_loss = theory.effective_bits(np.maximum(np.nan_to_num(loss), 0.0), fact_weight)
    of_loss = np.where(np.isnan(loss), np.nan, of_loss)
    found = {
        "own_x_star": _median(scores[0], of[0], error),
        "own_miss_rate": (float(missed.mean()), *bounds(missed, of[0], error)),
        "own_loss": (float(loss[0]), float(loss[1]), float(loss[2])),
        "own_bits": (float(of_loss[0]), float(of_loss[2]), float(of_loss[1])),
    }
    return {name: Interval(*ends, scores[0].size, scores[1].size, seed) for name, ends in found.items()}


def _median(facts: Array, of: Clusters, error: float) -> tuple[float, float, float]:
    """Return the median confidence between the order statistics of as many claims as the clusters are worth."""
    ordered = np.sort(facts)
    n = max(1, round(worth(facts > ordered[ordered.size // 2], of)))
    low, high = binom.ppf([error, 1 - error], n, 0.5)
    first = int(max(low - 1, 0) / n * ordered.size)
    last = min(int(np.ceil(min(high, n - 1) / n * ordered.size)), ordered.size - 1)
    middle, lower, upper = expit([np.median(ordered), ordered[first], ordered[last]])
    return float(middle), float(lower), float(upper)


def _loss(scores: tuple[Array, Array], groups: Groups | None, fact_weight: float, error: float) -> Array:
    """Return the weighted log-loss and its ends, nats; a cluster of facts and non-facts counts as one."""
    loss = float(theory.weighted_log_loss(*scores, fact_weight))
    parts = np.logaddexp(0.0, -scores[0]), np.logaddexp(0.0, scores[1])
    each = [
        weight * (part - part.mean()) / part.size
        for weight, part in zip((fact_weight, 1 - fact_weight), parts, strict=True)
    ]
    if groups is None:
        variance = float(sum((part**2).sum() for part in each))
    else:
        label = np.unique(np.concatenate([np.asarray(part) for part in groups]), return_inverse=True)[1]
        variance = float((np.bincount(label, np.concatenate(each)) ** 2).sum())
    # Losses that are all alike have shown none of what others would be.
    half = float(norm.isf(error)) * np.sqrt(variance) if variance > 0 else np.nan
    return np.array([loss, max(0.0, loss - half) if half == half else np.nan, loss + half])
