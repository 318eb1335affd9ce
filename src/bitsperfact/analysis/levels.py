"""Many scores counted at fewer levels, so that resampling them costs memory and time for the levels only."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Scores up to which each keeps a level of its own.
MOST_EXACT = 1 << 18
#: Levels at even ranks of each class, and as many more that are denser to its top.
RANKS = 1 << 14


def coarse(facts: Array, nonfacts: Array) -> tuple[Array, Array]:
    """Lower each score to the next level, where there are more than `MOST_EXACT` of them.

    Between two levels lies at most a share 1 / `RANKS` of either class, and of the k highest of a class at most a
    share of about ln(n) / `RANKS` (ties are never split): no share of accepted claims moves by more.
    """
    if facts.size + nonfacts.size <= MOST_EXACT:
        return facts, nonfacts
    levels = np.unique(np.concatenate([_levels(facts), _levels(nonfacts)]))
    return _lowered(facts, levels), _lowered(nonfacts, levels)


def _levels(scores: Array) -> Array:
    ordered = np.sort(scores)
    from_top = np.geomspace(1, ordered.size, RANKS)
    ranks = np.concatenate([np.linspace(1, ordered.size, RANKS), from_top]).astype(np.intp)
    return np.asarray(ordered[ordered.size - ranks])


def _lowered(scores: Array, levels: Array) -> Array:
    # The lowest score of each class is a level, so every score has one at or below it.
    return np.asarray(levels[np.searchsorted(levels, scores, side="right") - 1])
