"""How far each law is behind the one that predicts held-out claims best, as quantities."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.bootstrap import Interval
from bitsperfact.estimate.clusters import Groups, clusters_of
from bitsperfact.estimate.pool import checked_scores
from bitsperfact.estimate.rivals import compare

#: Claims of a class that are compared: more are drawn from, by whole clusters.
MOST_CLAIMS = 2000


def behind(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> dict[str, Interval]:
    """Return `behind_smooth`, `_channel`, `_forgetting` and `_abstaining`: nats per claim, at least 0.

    The mean log-likelihood of held-out claims, each class weighing one half, under the best of the four laws of
    `fit_channel`, less that under this one; the interval is normal, by the standard error of the paired difference
    between entities. The best law is 0 in [0, 0]. Of classes larger than `MOST_CLAIMS`, whole clusters drawn at
    random are compared, of about so many claims.

    Args: as for `fit_channel`. Raises: ValueError likewise.
    """
    first, second = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    of = clusters_of(groups, first.size, second.size)
    rng = np.random.default_rng(seed)
    kept = [_some(each.label, each.n, rng) for each in of]
    labels = None
    if groups is not None:
        labels = tuple(np.asarray(each)[keep] for each, keep in zip(groups, kept, strict=True))
    rivals = compare(first[kept[0]], second[kept[1]], labels if labels is None else (labels[0], labels[1]), seed)
    z = float(norm.ppf(0.5 + confidence / 2))
    sizes = int(kept[0].sum()), int(kept[1].sum())
    return {
        f"behind_{each.name}": Interval(
            each.behind_nats,
            max(0.0, each.behind_nats - z * each.behind_se),
            each.behind_nats + z * each.behind_se,
            *sizes,
            seed,
        )
        for each in rivals
    }


def _some(label: NDArray[np.intp], n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Claims of clusters drawn at random until there are `MOST_CLAIMS`, at least two; all where they are fewer."""
    if label.size <= MOST_CLAIMS:
        return np.ones(label.size, dtype=np.bool_)
    order = rng.permutation(n)
    upto = np.cumsum(np.bincount(label, minlength=n)[order])
    chosen = np.zeros(n, dtype=np.bool_)
    chosen[order[: max(2, int(np.searchsorted(upto, MOST_CLAIMS)) + 1)]] = True
    return np.asarray(chosen[label])
