"""What the scores are worth: the budget at which the optimum has the same log-loss."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from bitsperfact import theory
from bitsperfact.estimate.pool import Pool, Statistic

Array = NDArray[np.float64]


def balanced_loss_nats(pool: Pool) -> float:
    """Return the mean log-loss, each class weighing one half, of the calibrated posterior of the binned score.

    The loss of a posterior fitted and judged on the same claims is optimistic by about the number of bins over
    twice the sample size; the jackknife over facts and over non-facts removes that term. Binning only loses
    information, so the loss of the unbinned score is not above it. Floored at the least loss of log2 N bits: N
    non-facts show no rarer hallucination.

    Returns: nats, in (0, ln 2 + noise].
    """
    facts, nonfacts = pool.binned()
    held = facts + nonfacts > 0
    k, l = facts[held], nonfacts[held]  # noqa: E741
    fitted = _loss(k, l)
    corrected = fitted
    # Nothing is left of a class of one without it.
    if pool.n_facts > 1:
        corrected = corrected + _correction(fitted, k, _loss(_without_one(k), l[None, :]))
    if pool.n_nonfacts > 1:
        corrected = corrected + _correction(fitted, l, _loss(k[None, :], _without_one(l)))
    floor = theory.budget_optimum(np.log2(max(2, pool.n_nonfacts))).loss_nats
    return max(float(corrected), float(floor))


def _loss(facts: Array, nonfacts: Array) -> Array:
    """In-sample balanced log-loss (nats) of bins along the last axis: ln 2 less the Jensen-Shannon divergence."""
    p = facts / facts.sum(axis=-1, keepdims=True)
    q = nonfacts / nonfacts.sum(axis=-1, keepdims=True)
    return np.asarray(0.5 * (xlogy(p + q, p + q) - xlogy(p, p) - xlogy(q, q)).sum(axis=-1))


def _without_one(counts: Array) -> Array:
    """Row j: the counts with one claim fewer in bin j, if there is one."""
    return np.maximum(counts[None, :] - np.eye(counts.size), 0.0)


def _correction(fitted: Array, counts: Array, without: Array) -> Array:
    """Jackknife correction: (n - 1) times how much the loss exceeds its mean with one claim left out."""
    n = counts.sum()
    return np.asarray((n - 1) * (fitted - (counts @ without) / n))


def _bits_effective(pool: Pool) -> float:
    """Bits per fact at which the optimum has the balanced log-loss of the scores (see `balanced_loss_nats`).

    `theory.effective_bits` of that loss; what the divergence exceeds it by is memory spent on spreading scores.

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,). Returns: bits, in [0, log2 N].
    Raises: ValueError where a sample is empty or not finite.
    """
    # The loss: what it is worth is found by bisection, for all resamples at once.
    return balanced_loss_nats(pool)


def _worth(loss_nats: Array) -> Array:
    return np.asarray(theory.effective_bits(loss_nats))


bits_effective = Statistic(_bits_effective, after=_worth)
