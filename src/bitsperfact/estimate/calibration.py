"""What a score says about membership, whatever its scale: the isotonic posterior."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from bitsperfact.estimate.pool import Pool, Statistic

Array = NDArray[np.float64]

#: Posteriors between these count as abstention: the score leaves the odds within a factor of three.
ABSTENTION = (0.25, 0.75)


@dataclass(frozen=True)
class Posterior:
    """P(fact | score) with equal class weights.

    `scores`: shape (levels,), increasing. `probability`: shape (levels,), 1, in [0, 1], non-decreasing.
    """

    scores: Array
    probability: Array

    def at(self, scores: ArrayLike) -> Array:
        """Return the posterior at scores of any shape: of the highest fitted score not above, or the lowest."""
        index = np.searchsorted(self.scores, np.asarray(scores, dtype=np.float64), side="right") - 1
        return np.asarray(self.probability[np.maximum(index, 0)])


def posterior(facts: ArrayLike | Pool, nonfacts: ArrayLike | None = None) -> Posterior:
    """Return the isotonic maximum-likelihood estimate of P(fact | score) where both classes weigh one half.

    Depends on the ranks of the scores alone. Under the hallucination channel it is x* = 1 / (1 + q*) at the upper
    score (Guo & Li 2026, arXiv 2602.00906, at equal weights) and 0 at the lower. Fitted in sample.

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,).
    Raises: ValueError where a sample is empty or not finite.
    """
    pool = facts if isinstance(facts, Pool) else Pool.of(facts, [] if nonfacts is None else nonfacts)
    held, probability, _, _ = _fit(pool)
    return Posterior(pool.scores[held], probability)


def _fit(pool: Pool) -> tuple[NDArray[np.bool_], Array, Array, Array]:
    """Levels held, their posteriors, and the share of facts and of non-facts at each."""
    held = pool.facts + pool.nonfacts > 0
    facts, nonfacts = pool.facts[held] / pool.n_facts, pool.nonfacts[held] / pool.n_nonfacts
    weight = facts + nonfacts
    fitted = isotonic_regression(facts / weight, weights=weight).x
    return held, np.asarray(fitted), facts, nonfacts


def _miss_rate(pool: Pool) -> float:
    """Share of facts whose posterior lies below one half: those that look more like non-facts.

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,). Returns: 1, in [0, 1].
    Raises: ValueError where a sample is empty or not finite.
    """
    _, probability, facts, _ = _fit(pool)
    return float(facts[probability < 0.5].sum())


def _abstention_mass(pool: Pool) -> float:
    """Share of claims, each class weighing one half, whose posterior lies in [1/4, 3/4].

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,). Returns: 1, in [0, 1].
    Raises: ValueError where a sample is empty or not finite.
    """
    _, probability, facts, nonfacts = _fit(pool)
    undecided = (probability >= ABSTENTION[0]) & (probability <= ABSTENTION[1])
    return float(0.5 * (facts + nonfacts)[undecided].sum())


miss_rate = Statistic(_miss_rate, share_of="facts")
abstention_mass = Statistic(_abstention_mass)
