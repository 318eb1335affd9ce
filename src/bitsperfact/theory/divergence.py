"""Distances between the score distributions of facts and of non-facts."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import kl_div

from bitsperfact.theory._checks import Array, distributions, probability
from bitsperfact.units import nats_to_bits


def kl_bits(p: ArrayLike, q: ArrayLike) -> Array:
    """Return the Kullback-Leibler divergence KL(p || q) of discrete distributions.

    With p the scores of facts and q those of non-facts, this is the memory per fact of any tester of a sparse
    set (Guo & Li 2026, arXiv 2602.00906, the rate-distortion theorem).

    Args: `p`, `q`: shape (..., outcomes), each summing to 1 along the last axis; leading axes broadcast.
    Returns: shape (...), bits, in [0, inf]; inf where p has mass that q has not.
    Raises: ValueError where an argument is no distribution or the outcomes differ in number.
    """
    first, second = distributions("p", p, "q", q)
    # Every term of kl_div (x ln(x/y) - x + y) is non-negative, so that small divergences do not cancel away.
    return nats_to_bits(np.asarray(kl_div(first, second).sum(axis=-1)))


def bernoulli_kl_bits(p: ArrayLike, q: ArrayLike) -> Array:
    """Return KL(Bern(p) || Bern(q)), elementwise over broadcast arrays of probabilities.

    Returns: bits, in [0, inf]; inf where an outcome of the first is impossible under the second.
    Raises: ValueError where a probability lies outside [0, 1].
    """
    first, second = probability("p", p), probability("q", q)
    return nats_to_bits(np.asarray(kl_div(first, second) + kl_div(1 - first, 1 - second)))


def chi2(p: ArrayLike, q: ArrayLike) -> Array:
    """Return the chi-squared divergence, sum of (p - q)^2 / q: the first-order price of a set that is not sparse.

    F_p = KL - p chi2 / (2 ln 2) + O(p^2) in bits, useful only for p far below every likelihood ratio q/p.

    Args and errors as for `kl_bits`. Returns: shape (...), unit 1, in [0, inf].
    """
    first, second = distributions("p", p, "q", q)
    difference = first - second
    impossible = (second == 0) & (difference != 0)
    ratio = difference / np.where(second > 0, second, 1.0)
    return np.asarray(np.where(impossible, np.inf, difference * ratio).sum(axis=-1))
