"""Whether scores still tell facts from hallucinations among what is accepted."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.channel import nearest_channel
from bitsperfact.estimate.clusters import Clusters
from bitsperfact.estimate.placements import interval, placed
from bitsperfact.estimate.pool import Pool

Array = NDArray[np.float64]


def auc_accepted(
    scores: tuple[Array, Array], of: tuple[Clusters, Clusters], rng: np.random.Generator, error: float
) -> tuple[float, float, float]:
    """Return the AUC above the threshold of the nearest channel: estimate, lower and upper bound, 1, in [0, 1].

    At the channel 1/2: what is accepted is of one law. Each half of the clusters is judged above the threshold of
    the other half, since a threshold chosen on the same claims stands where they happen to differ. Where no
    threshold is certain, or a half accepts nothing of a class, it says nothing, and where both do, nothing is
    known: NaN in [0, 1].
    """
    halves = [(rng.permutation(each.n) % 2)[each.label] for each in of]
    parts = []
    for half in (0, 1):
        chosen = [values[side != half] for values, side in zip(scores, halves, strict=True)]
        if min(map(np.size, chosen)) == 0:
            continue
        pool = Pool.of(*chosen)
        threshold = nearest_channel(pool).threshold
        if threshold <= pool.scores[0]:
            continue
        held = [(side == half) & (values >= threshold) for values, side in zip(scores, halves, strict=True)]
        n, N = (int(each.sum()) for each in held)
        if n > 0 and N > 0:
            accepted = scores[0][held[0]], scores[1][held[1]]
            labels = of[0].label[held[0]], of[1].label[held[1]]
            parts.append((n * N / (n + N), placed(accepted, labels)))
    return interval(parts, error) if parts else (float("nan"), 0.0, 1.0)
