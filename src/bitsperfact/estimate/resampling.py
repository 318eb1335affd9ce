"""Bootstrap draws of binned counts, whose cost does not grow with the number of claims."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.clusters import Clusters

Array = NDArray[np.float64]

#: Clusters beyond this number are drawn in as many parts.
MOST_PARTS = 2**14


def independent_draws(counts: Array, rng: np.random.Generator, replicates: int) -> Array:
    """Return the counts per bin, shape (replicates, bins), of resampled independent claims.

    They are multinomial: the same law as drawing claims, without touching one. `counts`: shape (bins,), which add
    up to the number of claims, or what they are worth, and so do the draws.
    """
    total = float(counts.sum())
    n = max(1, round(total))
    return np.asarray(rng.multinomial(n, counts / total, size=replicates) * (total / n))


def clustered_draws(scores: Array, edges: Array, of: Clusters, rng: np.random.Generator, replicates: int) -> Array:
    """Return the counts per bin, shape (replicates, bins), of a sample whose clusters are drawn with replacement.

    More than `MOST_PARTS` clusters are dealt at random into that many parts, which are drawn whole. A count is
    then a sum over parts that are exchangeable and, but for the dealing, independent: its variance under the draws
    has the right mean, and a relative standard deviation of sqrt(2 / MOST_PARTS), one percent (derived here).

    Args: `scores`: shape (claims,). `edges`: shape (bins,), the least score of each bin, increasing.
    """
    held = part_counts(scores, edges, of, rng)
    parts = len(held)
    drawn = [np.bincount(rng.integers(parts, size=parts), minlength=parts) for _ in range(replicates)]
    return np.asarray(np.array(drawn, dtype=np.float64) @ held)


def part_counts(scores: Array, edges: Array, of: Clusters, rng: np.random.Generator) -> Array:
    """Count per part of the clusters and bin, shape (parts, bins); arguments as in `clustered_draws`."""
    parts = min(of.n, MOST_PARTS)
    part = np.arange(of.n) if parts == of.n else rng.permutation(of.n) % parts
    cell = part[of.label] * edges.size + np.searchsorted(edges, scores, side="right") - 1
    return np.bincount(cell, minlength=parts * edges.size).reshape(parts, edges.size).astype(np.float64)


def mean_design_effect(held: Array) -> float:
    """Return by what factor clusters vary more than single claims would, over the bins; at least 1.

    sum_cj (n_cj - n_c p_j)^2 / (n sum_j p_j (1 - p_j)) for counts n_cj, shape (parts, bins): the mean design
    effect of the shares (Rao & Scott 1981, J. Am. Stat. Assoc. 76), of copies their number. One cluster alone may
    be worth a single claim.
    """
    total, parts = held.sum(), len(held)
    share, size = held.sum(axis=0) / total, held.sum(axis=1)
    if parts == 1:
        return float(total)
    within = total * float(share @ (1 - share))
    between = float(((held - size[:, None] * share) ** 2).sum()) * parts / (parts - 1)
    return max(1.0, between / within) if within > 0 else 1.0
