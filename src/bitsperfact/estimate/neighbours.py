"""Nearest-neighbour divergence: a cross-check that shares nothing with the binned estimate."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.estimate.pool import checked_scores
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]


def knn_divergence_bits(facts: ArrayLike, nonfacts: ArrayLike, k: int = 5) -> float:
    """Return KL divergence of two continuous score samples from the distances to their k-th neighbours, in bits.

    mean ln(nu / rho) + ln(N / (n - 1)), with rho a fact's distance to its k-th nearest other fact and nu that to
    its k-th nearest non-fact (Wang, Kulkarni & Verdu 2009). Not invariant under monotone maps; biased where the
    classes hardly overlap. Scores that tie have no density, so ties give nan.

    Args: `facts` (n,), `nonfacts` (N,): finite scores, k < n, k <= N. Returns: bits, any sign, or nan.
    Raises: ValueError where a sample is empty, not finite, or has too few scores for k.
    """
    first, second = np.sort(checked_scores("facts", facts)), np.sort(checked_scores("nonfacts", nonfacts))
    if k < 1 or first.size <= k or second.size < k:
        counts = f"{first.size} and {second.size}"
        raise ValueError(
            f"k must be at least 1, below the number of facts and at most that of non-facts ({counts}), got {k}"
        )
    if np.unique(np.concatenate([first, second])).size < first.size + second.size:
        return float("nan")
    # A fact is its own nearest neighbour among facts.
    rho, nu = _kth_distance(first, first, k + 1), _kth_distance(first, second, k)
    nats = float(np.mean(np.log(nu / rho)) + np.log(second.size / (first.size - 1)))
    return nats_to_bits(nats)


def _kth_distance(points: Array, sample: Array, k: int) -> Array:
    """Distance from each point to its k-th nearest in a sorted sample: the k nearest are consecutive."""
    after = np.searchsorted(sample, points)
    windows = after[:, None] + np.arange(-k, 1)[None, :]
    valid = (windows >= 0) & (windows + k <= sample.size)
    low = np.clip(windows, 0, sample.size - k)
    farthest = np.maximum(points[:, None] - sample[low], sample[low + k - 1] - points[:, None])
    return np.asarray(np.where(valid, farthest, np.inf).min(axis=1))
