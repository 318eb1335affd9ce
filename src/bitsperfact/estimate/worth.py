"""Bounds of the share of claims that are accepted, counted by what their clusters are worth."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.clusters import Clusters, effective_count
from bitsperfact.estimate.shares import share_bounds

#: Clusters that must differ from the rest before a design effect can be estimated.
LEAST_CLUSTERS = 10


def worth(accepted: NDArray[np.bool_], of: Clusters) -> float:
    """Return independent claims that the share of `accepted` is worth (1, a count).

    `effective_count`, but no more than there are clusters where fewer than `LEAST_CLUSTERS` hold an accepted
    claim, or fewer hold another: so few show nothing of how claims of a cluster agree.
    """
    if of.are_single_claims:
        return float(accepted.size)
    n = effective_count(accepted, of)
    for held in (accepted, ~accepted):
        if np.count_nonzero(np.bincount(of.label[held], minlength=of.n)) < LEAST_CLUSTERS:
            return min(n, float(of.n))
    return n


def bounds(accepted: NDArray[np.bool_], of: Clusters, error: float) -> tuple[float, float]:
    """Return Clopper-Pearson bounds of the share of `accepted`, each exceeded with probability at most `error`."""
    n = worth(accepted, of)
    low, high = share_bounds(float(accepted.mean()) * n, n, error)
    return float(low), float(high)
