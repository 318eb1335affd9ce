"""Are scores those of the hallucination channel? Its parameters, a test, and the laws that rival it."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.constants import END_ERROR
from bitsperfact.estimate.channel import NearestChannel, nearest_channel
from bitsperfact.estimate.clusters import Clusters, Groups, clusters_of, effective_count
from bitsperfact.estimate.mixtures import CHANNEL, FORGETTING, SMOOTH
from bitsperfact.estimate.pool import Pool, checked_scores, counted_pool
from bitsperfact.estimate.rivals import Rival, close, compare
from bitsperfact.estimate.told_apart import auc_accepted

Array = NDArray[np.float64]

#: The answer where neither likelihood nor ranks say which law it is.
UNDECIDED = "undecided"
#: An AUC among accepted claims above the first is no channel's; one below the second is no smooth pair's.
TOLD_APART, NOT_TOLD_APART = 0.55, 0.6
#: Where so many non-facts are accepted, hardly any bits are spent, and laws do not differ.
_NEARLY_ALL = 0.9
#: Scores right below the threshold, and further down, that the bootstrap draws from.
_KEPT_BELOW = 1000


@dataclass(frozen=True)
class ChannelFit(NearestChannel):
    """The nearest channel, whether the scores may come from it, and what they look like if not.

    `p_value` (1, in (0, 1]): chance that scores of that channel lie as far from theirs. `auc_accepted`: AUC among
    accepted claims with its 95 % interval (estimate, lower, upper; 1, NaN in [0, 1] where unknown). `winner`: name
    of the law that the scores look like, of `rivals`, which are compared in `compare`, or `UNDECIDED`. `centre_*`,
    `scale_*`: location and scale of the upper and lower logistic peak of the channel, in the unit of the scores.
    """

    p_value: float
    auc_accepted: tuple[float, float, float]
    winner: str
    rivals: tuple[Rival, ...]
    centre_fact: float
    centre_nonfact: float
    scale_fact: float
    scale_nonfact: float
    n_facts: int
    n_nonfacts: int
    seed: int


def fit_channel(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    replicates: int = 400,
) -> ChannelFit:
    """Fit the hallucination channel to scores, test it, and compare it with its rivals.

    x*, q*, recall, widths and distance depend on ranks alone (`nearest_channel`), and so does the p-value. The
    rivals do not: they are made of logistic peaks (`bitsperfact.estimate.mixtures`), so pass log-odds. With peaks
    L < M < H they are

    - `smooth` (8 parameters): facts ~ H, non-facts ~ L: one unimodal pair, no channel;
    - `channel` (9): facts ~ H, non-facts ~ (1 - q) L + q H;
    - `forgetting` (10): as the channel, but a share f of the facts ~ L;
    - `abstaining` (14): as the channel, but shares a of the facts and c of the non-facts ~ M.

    A law stays in the running unless its mean log-likelihood on held-out entities, each class weighing one half,
    is behind the best by more than `STANDARD_ERRORS` (three) standard errors. A smooth law can be so skewed or
    fat-tailed that likelihoods do not tell it from a channel; ranks do: among accepted claims the channel leaves
    an AUC of 1/2, a smooth pair does not. So the channel and forgetting are out where that AUC is surely above
    .55, and smooth is out where it is surely below .6 (unless nearly all non-facts are accepted: equal laws are
    both). Of those left the one of fewest parameters wins, but where smooth and channel are both left, or none is,
    the answer is `UNDECIDED`. Peaks may be skewed, thinner than the normal law or fat-tailed; where real scores
    are of yet another shape, a law with more peaks can win by mending it: look at their places in `rivals`.

    The p-value is a parametric bootstrap from the nearest channel: facts have the law of all matches, non-facts
    have it with probability q*, else that of non-facts below the threshold. With clusters it draws as many claims
    as they are worth (`effective_count`), which is approximate. Overlapping peaks are no channel, however close.

    Args: `facts` (n,), `nonfacts` (N,): finite scores, n, N >= 2. `groups`: labels of facts and of non-facts; an
    entity has the same label in both. `replicates`: at least 1.
    Raises: ValueError where a sample is empty or not finite, or from one group, or `groups` or `replicates` do
    not fit.
    """
    if replicates < 1:
        raise ValueError(f"replicates must be at least 1, got {replicates}")
    first, second = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    of = clusters_of(groups, first.size, second.size)
    if groups is None:
        first, second = np.sort(first), np.sort(second)
    rivals = compare(first, second, groups, seed)
    pool = Pool.of(first, second)
    worth = _worth(first, second, of, nearest_channel(pool).threshold)
    # Bins of copies are of one class alone, which in bins of as many claims as they are worth is chance.
    pool = pool.worth(first.size / worth[0], second.size / worth[1])
    nearest = nearest_channel(pool)
    accepted = auc_accepted((first, second), of, np.random.default_rng(seed), END_ERROR)
    peaks = next(rival.fitted for rival in rivals if rival.name == CHANNEL.name)
    return ChannelFit(
        **asdict(nearest),
        p_value=_p_value(pool, nearest, worth, np.random.default_rng(seed), replicates),
        auc_accepted=accepted,
        winner=_winner(rivals, accepted, nearest.q_star),
        rivals=rivals,
        centre_fact=float(peaks.centres[1]),
        centre_nonfact=float(peaks.centres[0]),
        scale_fact=float(peaks.scales[1]),
        scale_nonfact=float(peaks.scales[0]),
        n_facts=first.size,
        n_nonfacts=second.size,
        seed=seed,
    )


def _winner(rivals: tuple[Rival, ...], accepted: tuple[float, float, float], q_star: float) -> str:
    """Name of the law in the running that ranks allow, or `UNDECIDED`."""
    left = close(rivals)
    if q_star < _NEARLY_ALL:
        _, lower, upper = accepted
        if lower > TOLD_APART:
            left = [each for each in left if each.name not in (CHANNEL.name, FORGETTING.name)]
        elif upper < NOT_TOLD_APART:
            left = [each for each in left if each.name != SMOOTH.name]
        elif {SMOOTH.name, CHANNEL.name} <= {each.name for each in left}:
            return UNDECIDED
    return min(left, key=lambda rival: rival.n_parameters).name if left else UNDECIDED


def _worth(facts: Array, nonfacts: Array, of: tuple[Clusters, Clusters], threshold: float) -> tuple[int, int]:
    """Independent claims that facts and non-facts are worth: for their place among matches, and for matching."""
    counts = effective_count(facts > np.median(facts), of[0]), effective_count(nonfacts >= threshold, of[1])
    return max(1, round(counts[0])), max(1, round(counts[1]))


def _p_value(
    pool: Pool, nearest: NearestChannel, worth: tuple[int, int], rng: np.random.Generator, replicates: int
) -> float:
    scores, *laws = _nearest_law(pool, nearest)
    # Each drawn claim stands for a cluster's, so that bins hold what they hold in the data.
    copies = pool.n_facts / worth[0], pool.n_nonfacts / worth[1]
    further = 0
    for _ in range(replicates):
        facts, nonfacts = (
            (m * rng.multinomial(n, law)).astype(np.float64) for m, n, law in zip(copies, worth, laws, strict=True)
        )
        drawn = facts + nonfacts > 0
        # Bins follow the claims, and choose where they differ: so they must in what is drawn.
        resample = counted_pool(scores[drawn], facts[drawn], nonfacts[drawn])
        # Rounding: a sample that is a channel is as far from it as its resamples.
        further += nearest_channel(resample).distance >= nearest.distance - 1e-12
    return (1 + further) / (1 + replicates)


def _nearest_law(pool: Pool, nearest: NearestChannel) -> tuple[Array, Array, Array]:
    """Scores of the nearest channel, increasing, and their shares among facts and among non-facts.

    Facts have the scores of all matches. Far below the threshold, neighbouring non-facts are made one score.
    """
    first = int(np.searchsorted(pool.scores, nearest.threshold))
    near = max(0, first - _KEPT_BELOW)
    far = np.unique(np.linspace(0, near, min(near, _KEPT_BELOW), endpoint=False).astype(np.intp))
    below = np.concatenate([far, np.arange(near, first)])
    matches = pool.facts[first:] + pool.nonfacts[first:]
    matches /= matches.sum()
    unmatched = np.add.reduceat(pool.nonfacts[:first], below) if below.size else np.zeros(0)
    share = unmatched / max(1.0, unmatched.sum()) * (1 - nearest.q_star)
    of_nonfacts = np.concatenate([share, nearest.q_star * matches])
    scores = np.concatenate([pool.scores[below], pool.scores[first:]])
    return scores, np.concatenate([np.zeros(below.size), matches]), of_nonfacts / of_nonfacts.sum()
