"""What the order of scores alone proves: the least bits that a given AUC can cost."""

import numpy as np
from numpy.typing import ArrayLike

from bitsperfact.theory._bisection import bisect
from bitsperfact.theory._checks import Array, probability
from bitsperfact.units import nats_to_bits

#: Tilt beyond which an AUC differs from 0 or 1 by less than doubles near 1 can hold.
_MOST_TILT = 1e16
#: Below this tilt the closed forms cancel, and their Taylor series are exact to rounding.
_SMALL_TILT = 1e-3


def least_bits_of_auc(auc: ArrayLike) -> Array:
    """Return the least KL(facts || non-facts) of two score laws with this area under the curve (1, in [0, 1]).

    Derived here. With U the rank of a score among non-facts, ties broken at random, U is uniform for non-facts
    and has mean `auc` for facts; by data processing KL is at least that of U. Of all laws on [0, 1] with a given
    mean the exponential tilt is nearest to the uniform one, so with m = 2 auc - 1 = coth(t) - 1/t the bound is
    t m - ln(sinh(t) / t) nats, about 6 (auc - 1/2)^2 near 1/2. It is the same for m and -m: facts that are known
    to be low are known.

    Returns: bits, in [0, inf]; inf at 0 and 1. Raises: ValueError where an AUC lies outside [0, 1].
    """
    mean = np.abs(2 * probability("auc", auc) - 1)
    tilt = np.exp(bisect(lambda t: _mean(np.exp(t)) - mean, np.full(mean.shape, -50.0), _ends(mean)))
    nats = tilt * mean - _log_normaliser(tilt)
    # Doubles hold no tilt that leads to 1 exactly; without any order nothing is proved.
    return nats_to_bits(np.asarray(np.where(mean == 1, np.inf, np.where(mean == 0, 0.0, np.maximum(nats, 0)))))


def _ends(mean: Array) -> Array:
    return np.full(mean.shape, np.log(_MOST_TILT))


def _mean(tilt: Array) -> Array:
    """Langevin's function coth(t) - 1/t of t > 0."""
    safe = np.maximum(tilt, _SMALL_TILT)
    return np.asarray(np.where(tilt < _SMALL_TILT, tilt / 3 - tilt**3 / 45, 1 / np.tanh(safe) - 1 / safe))


def _log_normaliser(tilt: Array) -> Array:
    """ln(sinh(t) / t) of t > 0, without overflow."""
    safe = np.maximum(tilt, _SMALL_TILT)
    exact = safe + np.log1p(-np.exp(-2 * safe)) - np.log(2 * safe)
    return np.asarray(np.where(tilt < _SMALL_TILT, tilt**2 / 6 - tilt**4 / 180, exact))
