"""How much the scores look like the hallucination channel, whatever their scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.estimate.calibration import posterior
from bitsperfact.estimate.pool import Pool, Statistic
from bitsperfact.theory import bernoulli_kl_bits

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ChannelFit:
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


def fit_channel(facts: ArrayLike | Pool, nonfacts: ArrayLike | None = None) -> ChannelFit:
    """Fit the hallucination channel (Guo & Li 2026, arXiv 2602.00906, the log-loss theorem) to scores.

    A match is a score above the threshold that keeps most of the divergence. In a channel all facts match and,
    among matches, the score tells facts and hallucinations apart no further. Whatever the scale of the scores, the
    nearest such pair keeps the matching facts as the law of all matches, so that the total variation is 1 - recall
    for facts and q_star TV(facts | match, non-facts | match) for non-facts (derived here); the latter is taken
    over the bins of the pool, and noise makes it no smaller.

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,).
    Raises: ValueError where a sample is empty or not finite.
    """
    pool = facts if isinstance(facts, Pool) else Pool.of(facts, [] if nonfacts is None else nonfacts)
    k, l = pool.binned()  # noqa: E741
    split = _best_split(k, l)
    recall, q_star = k[split:].sum() / pool.n_facts, l[split:].sum() / pool.n_nonfacts
    x_star, width_fact, width_nonfact = _widths(pool)
    told_apart = q_star * _total_variation(k[split:], l[split:])
    return ChannelFit(
        threshold=float(pool.scores[pool.bins[split]]),
        x_star=x_star,
        q_star=float(q_star),
        recall=float(recall),
        width_fact=width_fact,
        width_nonfact=width_nonfact,
        distance=0.5 * float(1 - recall + told_apart),
    )


def _best_split(facts: Array, nonfacts: Array) -> int:
    """The bin from which scores match: the two-valued score of largest divergence, smoothed by half a claim."""
    matched_facts, matched_nonfacts = np.cumsum(facts[::-1])[::-1], np.cumsum(nonfacts[::-1])[::-1]
    recall, q = (matched_facts + 0.5) / (facts.sum() + 1), (matched_nonfacts + 0.5) / (nonfacts.sum() + 1)
    return int(np.where(recall >= q, bernoulli_kl_bits(recall, q), 0.0).argmax())


def _total_variation(facts: Array, nonfacts: Array) -> float:
    if nonfacts.sum() == 0:
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
    """`ChannelFit.x_star` of a `Pool`, or of scores `facts` and `nonfacts`: 1, in [0, 1]."""
    return fit_channel(pool).x_star


def _q_star(pool: Pool) -> float:
    """`ChannelFit.q_star` of a `Pool`, or of scores `facts` and `nonfacts`: 1, in [0, 1]."""
    return fit_channel(pool).q_star


def _channel_distance(pool: Pool) -> float:
    """`ChannelFit.distance` of a `Pool`, or of scores `facts` and `nonfacts`: 1, in [0, 1]."""
    return fit_channel(pool).distance


x_star = Statistic(_x_star)
q_star = Statistic(_q_star, share_of="nonfacts")
channel_distance = Statistic(_channel_distance)
