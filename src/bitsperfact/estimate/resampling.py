"""Bootstrap draws of binned counts, whose cost does not grow with the number of claims."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.clusters import Clusters

Array = NDArray[np.float64]

#: Clusters beyond this number are drawn in as many parts.
MOST_PARTS = 2**14


def independent_draws(counts: Array, rng: np.random.Generator, replicates: int) -> Array:
    """Counts per bin, shape (replicates, bins), of resampled independent claims.

    They are multinomial: the same law as drawing claims, without touching one. `counts`: shape (bins,).
    """
    n = int(counts.sum())
    return rng.multinomial(n, counts / n, size=replicates).astype(np.float64)


def clustered_draws(scores: Array, edges: Array, of: Clusters, rng: np.random.Generator, replicates: int) -> Array:
    """Counts per bin, shape (replicates, bins), of a sample whose clusters are drawn with replacement.

    More than `MOST_PARTS` clusters are dealt at random into that many parts, which are drawn whole. A count is
    then a sum over parts that are exchangeable and, but for the dealing, independent: its variance under the draws
    has the right mean, and a relative standard deviation of sqrt(2 / MOST_PARTS), one percent (derived here).

    Args: `scores`: shape (claims,). `edges`: shape (bins,), the least score of each bin, increasing.
    """
    parts = min(of.n, MOST_PARTS)
    part = np.arange(of.n) if parts == of.n else rng.permutation(of.n) % parts
    cell = part[of.label] * edges.size + np.searchsorted(edges, scores, side="right") - 1
    held = np.bincount(cell, minlength=parts * edges.size).reshape(parts, edges.size).astype(np.float64)
    drawn = [np.bincount(rng.integers(parts, size=parts), minlength=parts) for _ in range(replicates)]
    return np.asarray(np.array(drawn, dtype=np.float64) @ held)
