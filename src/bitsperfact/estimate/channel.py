"""How much the scores look like the hallucination channel, whatever their scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.estimate.calibration import posterior
from bitsperfact.estimate.pool import Pool, Statistic
from bitsperfact.theory import bernoulli_kl_bits

Array = NDArray[np.float64]

#: Standard errors that the threshold's choice allows the shares on either side of it.
_CERTAIN = 3.0


@dataclass(frozen=True)
class NearestChannel:
    """The channel nearest to a pool of scores, and how near it is; all but `threshold` have unit 1, in [0, 1].

    `threshold`: least score that counts as a match, in the unit of the scores. `x_star`: median posterior of
    facts, classes weighing one half each. `q_star`, `recall`: shares of non-facts and of facts that match.
    `width_fact`, `width_nonfact`: mean distance of their posteriors from the channel's (x_star; the nearer of 0
    and x_star). `distance`: total variation to the channel, averaged over both classes.
    """

    threshold: float
    x_star: float
    q_star: float
    recall: float
    width_fact: float
    width_nonfact: float
    distance: float


def nearest_channel(facts: ArrayLike | Pool, nonfacts: ArrayLike | None = None) -> NearestChannel:
    """Return the hallucination channel (Guo & Li 2026, arXiv 2602.00906, the log-loss theorem) nearest to scores.

    A match is a score above the threshold that keeps most of the divergence (`_best_split`). In a channel all
    facts match and, among matches, the score tells facts and hallucinations apart no further. Whatever the scale
    of the scores, the nearest such pair keeps the matching facts as the law of all matches, so that the total
    variation is 1 - recall for facts and q_star TV(facts | match, non-facts | match) for non-facts (derived
    here); the latter is taken over the bins of the pool, and noise makes it no smaller.

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,).
    Raises: ValueError where a sample is empty or not finite.
    """
    pool = facts if isinstance(facts, Pool) else Pool.of(facts, [] if nonfacts is None else nonfacts)
    split = _best_split(pool)
    x_star, width_fact, width_nonfact = _widths(pool)
    return NearestChannel(
        threshold=float(pool.scores[split]),
        x_star=x_star,
        q_star=_share(pool.nonfacts, split),
        recall=_share(pool.facts, split),
        width_fact=width_fact,
        width_nonfact=width_nonfact,
        distance=_distance(pool, split),
    )


def _best_split(pool: Pool) -> int:
    """Return the level from which scores match: that of the largest divergence which the counts make certain.

    Each share is taken at its Wilson bound, so that noise is no threshold: where none is certain, all scores
    match, which is the channel of 0 bits.
    """
    matched_facts, matched_nonfacts = (np.cumsum(counts[::-1])[::-1] for counts in (pool.facts, pool.nonfacts))
    recall, q = (
        _wilson(matched_facts, pool.n_facts, -_CERTAIN),
        _wilson(matched_nonfacts, pool.n_nonfacts, _CERTAIN),
    )
    bits = np.where((recall > q) & (pool.facts > 0), bernoulli_kl_bits(recall, q), 0.0)
    return int(bits.argmax())


def _wilson(count: Array, n: int, z: float) -> Array:
    """Bound of a binomial share, z standard errors up (Wilson 1927); a closed form, unlike the exact bound."""
    share = count / n
    reach = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.asarray(np.clip((share + z**2 / (2 * n) + reach) / (1 + z**2 / n), 0.0, 1.0))


def _share(counts: Array, split: int) -> float:
    """Share of a class that matches, from its counts per level."""
    return float(counts[split:].sum() / counts.sum())


def _distance(pool: Pool, split: int) -> float:
    starts = np.concatenate([[split], pool.bins[pool.bins > split]])
    facts, nonfacts = (np.add.reduceat(counts, starts) for counts in (pool.facts, pool.nonfacts))
    told_apart = _share(pool.nonfacts, split) * _total_variation(facts, nonfacts)
    return 0.5 * (1 - _share(pool.facts, split) + told_apart)


def _total_variation(facts: Array, nonfacts: Array) -> float:
    if facts.sum() == 0 or nonfacts.sum() == 0:
        return 0.0
    return 0.5 * float(np.abs(facts / facts.sum() - nonfacts / nonfacts.sum()).sum())


def _widths(pool: Pool) -> tuple[float, float, float]:
    held = pool.facts + pool.nonfacts > 0
    probability, facts, nonfacts = posterior(pool).probability, pool.facts[held], pool.nonfacts[held]
    half = int(np.searchsorted(np.cumsum(facts), 0.5 * pool.n_facts))
    x_star = float(probability[half])
    from_match = np.abs(probability - x_star)
    width_fact = float(facts @ from_match) / pool.n_facts
    return x_star, width_fact, float(nonfacts @ np.minimum(probability, from_match)) / pool.n_nonfacts


def _x_star(pool: Pool) -> float:
    """`NearestChannel.x_star` of a `Pool`, or of scores `facts` and `nonfacts`: 1, in [0, 1]."""
    return _widths(pool)[0]


def _q_star(pool: Pool) -> float:
    """`NearestChannel.q_star` of a `Pool`, or of scores `facts` and `nonfacts`: 1, in [0, 1]."""
    return _share(pool.nonfacts, _best_split(pool))


def _channel_distance(pool: Pool) -> float:
    """`NearestChannel.distance` of a `Pool`, or of scores `facts` and `nonfacts`: 1, in [0, 1]."""
    return _distance(pool, _best_split(pool))


x_star = Statistic(_x_star)
q_star = Statistic(_q_star, share_of="nonfacts")
channel_distance = Statistic(_channel_distance)
