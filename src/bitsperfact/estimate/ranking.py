"""How well scores rank facts above non-facts."""

import numpy as np

from bitsperfact.constants import RECALL
from bitsperfact.estimate.pool import Pool, Statistic


def _auc(pool: Pool) -> float:
    """Probability that a fact scores above a non-fact; a tie counts one half.

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,). Returns: 1, in [0, 1]. Raises: ValueError where a
    sample is empty or not finite.
    """
    below = np.cumsum(pool.nonfacts) - pool.nonfacts
    wins = float(pool.facts @ (below + 0.5 * pool.nonfacts))
    return wins / (pool.n_facts * pool.n_nonfacts)


def _hallucination_rate(pool: Pool, recall: float = RECALL) -> float:
    """Share of non-facts accepted at the highest threshold that accepts at least `recall` of the facts.

    Equal scores are accepted together, as a reader of the score alone must.

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,); `recall`: 1, in (0, 1]. Returns: 1, in [0, 1].
    Raises: ValueError where a sample is empty or not finite, or `recall` lies outside.
    """
    if not 0 < recall <= 1:
        raise ValueError(f"recall must lie in (0, 1], got {recall:g}")
    # Counts are whole, so the tolerance only undoes the rounding of recall * n.
    needed = np.ceil(recall * pool.n_facts - 1e-9)
    accepted = np.cumsum(pool.facts[::-1])
    highest = int(np.searchsorted(accepted, needed))
    return float(pool.nonfacts[::-1][: highest + 1].sum()) / pool.n_nonfacts


auc = Statistic(_auc)
hallucination_rate = Statistic(_hallucination_rate, share_of="nonfacts")
