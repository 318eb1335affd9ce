"""Intervals of what the shape of scores says: ranks, misses, abstention, and the nearest channel."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from bitsperfact.constants import CONFIDENCE, FULL_RECALL
from bitsperfact.estimate.bootstrap import Interval, check_resampling
from bitsperfact.estimate.calibration import ABSTENTION, abstention_mass, miss_rate
from bitsperfact.estimate.channel import nearest_channel, q_star, x_star
from bitsperfact.estimate.clusters import Groups, clusters_of
from bitsperfact.estimate.cuts import Criterion, Cuts
from bitsperfact.estimate.placements import interval, placed
from bitsperfact.estimate.pool import Pool, checked_scores
from bitsperfact.estimate.worth import bounds, worth
from bitsperfact.theory import bernoulli_kl_bits

Array = NDArray[np.float64]
Ends = tuple[float, float, float]

#: Shares of the facts between which the odds at the median fact are bounded, below it and above it.
_BELOW, _ABOVE = (0.0, 0.15, 0.3), (0.7, 0.85, 1.0)
#: Ratios that share the error of a bound of the odds at the median.
_RATIOS = 6


def shape(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    replicates: int = 200,
    confidence: float = CONFIDENCE,
) -> dict[str, Interval]:
    """Return `auc`, `miss_rate`, `abstention_mass`, `x_star`, `q_star`, `channel_distance` and `full_recall_rate`.

    The estimand is the same functional of the two score laws. All but the AUC rest on a threshold that the scores
    choose (the best by some criterion), which no bootstrap of the chosen one covers: where the criterion is flat,
    it might be far off. The interval is of what any threshold accepts that the sample does not rule out (`Cuts`),
    at the binomial bounds of its share (derived here). So it is wide, up to [0, 1], where the laws are nearly
    equal, and the estimate may lie at its end. `full_recall_rate` is the share of non-facts above the lowest
    fiftieth of the facts, by order statistics. Each has its interval. Unit 1, in [0, 1]. Depends on ranks alone.

    Args: `facts` (n,), `nonfacts` (N,): finite scores. `groups`: labels of facts and of non-facts. `confidence`:
    1, in (0, 1). Raises: ValueError where an argument does not fit.
    """
    check_resampling(replicates, confidence)
    scores = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    of = clusters_of(groups, scores[0].size, scores[1].size)
    pool = Pool.of(*scores)
    cuts = Cuts.of_claims(scores, of, np.random.default_rng(seed), replicates)
    error = (1 - confidence) / 2
    found: dict[str, Ends] = {
        "auc": interval([(1.0, placed(scores, (of[0].label, of[1].label)))], error),
        "miss_rate": _with_ends(miss_rate(pool), _misses(cuts, error)),
        "abstention_mass": _with_ends(abstention_mass(pool), _abstention(cuts, error)),
        "x_star": _with_ends(x_star(pool), _odds_at_median(cuts, error)),
        "q_star": _with_ends(q_star(pool), _accepted(cuts, error)),
        "channel_distance": _distance(cuts, pool, error),
        "full_recall_rate": _full_recall(cuts, error),
    }
    sizes = scores[0].size, scores[1].size
    return {name: Interval(*ends, *sizes, seed) for name, ends in found.items()}


def _with_ends(estimate: float, ends: tuple[float, float]) -> Ends:
    return estimate, min(estimate, ends[0]), max(estimate, ends[1])


def _better_than(probability: float) -> Criterion:
    """Return what accepting is worth where claims are accepted whose posterior is at least `probability`."""
    return lambda facts, nonfacts: (1 - probability) * facts - probability * nonfacts


def _misses(cuts: Cuts, error: float) -> tuple[float, float]:
    low, high = cuts.close_to_best(_better_than(0.5), 0.5 * _grain(cuts))
    return cuts.bounds(0, 0, low, error)[0], cuts.bounds(0, 0, high, error)[1]


def _abstention(cuts: Cuts, error: float) -> tuple[float, float]:
    first, last = (cuts.close_to_best(_better_than(each), (1 - each) * _grain(cuts)) for each in ABSTENTION)
    narrow, wide = (first[1], max(first[1], last[0])), (first[0], last[1])
    lower, upper = ([cuts.bounds(own, *ends, error) for own in (0, 1)] for ends in (narrow, wide))
    return 0.5 * (lower[0][0] + lower[1][0]), min(1.0, 0.5 * (upper[0][1] + upper[1][1]))


def _grain(cuts: Cuts) -> float:
    """Share of a class that one of its clusters is, in the class that has fewer."""
    return 1 / min(each.n for each in cuts.of)


def _divergence(cuts: Cuts) -> Criterion:
    """Divergence of what is accepted; half a claim more of each kind, so that none accepted is no certainty."""
    n, N = (values.size for values in cuts.scores)

    def bits(facts: Array, nonfacts: Array) -> Array:
        recall, q = (n * facts + 0.5) / (n + 1), (N * nonfacts + 0.5) / (N + 1)
        return np.where(recall > q, bernoulli_kl_bits(recall, q), 0.0)

    return bits


def _accepted(cuts: Cuts, error: float) -> tuple[float, float]:
    low, high = cuts.close_to_best(_divergence(cuts), _grain(cuts))
    last = cuts.thresholds.size - 1
    return cuts.bounds(1, high, last, error)[0], cuts.bounds(1, low, last, error)[1]


def _odds_at_median(cuts: Cuts, error: float) -> tuple[float, float]:
    """Bounds of the isotonic posterior at the median fact.

    The isotonic ratio at x is max over a <= x of min over b >= x of the ratio between a and b, and also the min of
    the max (Robertson, Wright, Dykstra 1988): so for every a it is at least the min, and for every b at most the
    max, over the other. Each ratio has binomial bounds, and the median its order statistics.
    """
    ordered = np.sort(cuts.scores[0])
    last_rank = ordered.size - 1
    n = max(1, round(worth(cuts.scores[0] > ordered[ordered.size // 2], cuts.of[0])))
    rank = int(binom.ppf(error / 2, n, 0.5) / n * ordered.size)
    first, last = ordered[min(rank, last_rank)], ordered[max(last_rank - rank, 0)]
    below = np.array([-np.inf, *(ordered[int(each * last_rank)] for each in _BELOW)])
    above = np.array([*(ordered[int(each * last_rank)] for each in _ABOVE), np.inf])
    lower = max(
        min(_odds(cuts, a, b, error)[0] for b in [first, *above[above > first]]) for a in below[below <= first]
    )
    upper = min(
        max(_odds(cuts, a, b, error)[1] for a in [last, *below[below < last]]) for b in above[above >= last]
    )
    return lower / (1 + lower), upper / (1 + upper) if np.isfinite(upper) else 1.0


def _odds(cuts: Cuts, low: float, high: float, error: float) -> tuple[float, float]:
    """Bounds of the ratio of the shares of facts and non-facts that lie in [low, high]."""
    facts, nonfacts = (
        bounds((values >= low) & (values <= high), clusters, error / _RATIOS)
        for values, clusters in zip(cuts.scores, cuts.of, strict=True)
    )
    return facts[0] / nonfacts[1], facts[1] / nonfacts[0] if nonfacts[0] > 0 else np.inf


def _distance(cuts: Cuts, pool: Pool, error: float) -> Ends:
    """Distance to the nearest channel, less what noise alone shows.

    Among matches the laws are compared by the largest difference of the shares above a score (Kolmogorov), which
    is the total variation wherever the likelihood ratio is monotone, and never above it.
    """
    low, high = cuts.close_to_best(_divergence(cuts), _grain(cuts))
    best = int(
        np.clip(np.searchsorted(cuts.thresholds, nearest_channel(pool).threshold, side="right") - 1, low, high)
    )
    last = cuts.thresholds.size - 1
    lowers, uppers = [], []
    # The lower bound allows for the channel of 0 bits, too, which accepts everything.
    for cut in np.unique([0, *np.linspace(low, high, 9).astype(int)]):
        if min(share[cut] for share in cuts.shares) == 0:
            continue
        apart, noise = _told_apart(cuts, cut)
        reach = float(np.quantile(noise, 1 - error))
        recall, q = (cuts.bounds(own, cut, last, error) for own in (0, 1))
        lowers.append(0.5 * (1 - recall[1] + q[0] * max(0.0, apart - reach)))
        if cut >= low:
            uppers.append(0.5 * (1 - recall[0] + q[1] * min(1.0, apart + reach)))
    apart, noise = _told_apart(cuts, best)
    estimate = 0.5 * (
        1 - cuts.shares[0][best] + cuts.shares[1][best] * np.sqrt(max(0.0, apart**2 - (noise**2).mean()))
    )
    return _with_ends(float(estimate), (min(lowers, default=0.0), max(uppers, default=1.0)))


def _full_recall(cuts: Cuts, error: float) -> Ends:
    """Share of non-facts at or above the fact of the lowest fiftieth; half of the error is for where that lies."""
    facts, nonfacts = np.sort(cuts.scores[0]), cuts.scores[1]
    n = max(1, round(worth(cuts.scores[0] > facts[facts.size // 50], cuts.of[0])))
    below = binom.ppf([error / 2, 0.5, 1 - error / 2], n, 1 - FULL_RECALL)
    _, middle, high = (float(facts[min(facts.size - 1, int(rank / n * facts.size))]) for rank in below)
    # Of few facts none may lie so low; then nothing says how low the fiftieth is.
    low = float(facts[int((below[0] - 1) / n * facts.size)]) if below[0] > 0 else -np.inf
    ends = [bounds(nonfacts >= score, cuts.of[1], error / 2) for score in (high, low)]
    return _with_ends(float((nonfacts >= middle).mean()), (ends[0][0], ends[1][1]))


def _told_apart(cuts: Cuts, cut: int) -> tuple[float, Array]:
    """Kolmogorov distance of facts and non-facts above a cut, and that of its noise, (replicates,); 1."""
    observed = cuts.shares[0][cut:] / cuts.shares[0][cut] - cuts.shares[1][cut:] / max(cuts.shares[1][cut], 1e-300)
    facts, nonfacts = (each[:, cut:] / np.maximum(each[:, [cut]], 1e-300) for each in cuts.drawn)
    return float(np.abs(observed).max()), np.abs(facts - nonfacts - observed).max(axis=1)
