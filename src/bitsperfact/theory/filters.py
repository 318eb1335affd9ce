"""Testers that answer yes or no: what their two error rates cost."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import kl_div

from bitsperfact.theory._bisection import bisect
from bitsperfact.theory._checks import Array, nonnegative, probability
from bitsperfact.theory.divergence import bernoulli_kl_bits
from bitsperfact.units import bits_to_nats

#: log2 of a rate that float64 rounds to 0: its least number is 2^-1074.
_NO_RATE = -1076.0


def two_sided_filter_bits(fnr: ArrayLike, fpr: ArrayLike) -> Array:
    """Return least memory per key of a filter with these false-negative and false-positive rates (1, in [0, 1]).

    KL(Bern(1 - fnr) || Bern(fpr)), and log2(1 / fpr) at fnr = 0 (Guo & Li 2026, arXiv 2602.00906, two-sided
    filters). 0 where fpr >= 1 - fnr: answering at random does as well.

    Returns: shape of the broadcast arguments, bits per key, in [0, inf]; inf at fpr = 0 < 1 - fnr.
    Raises: ValueError where a rate lies outside [0, 1].
    """
    recall, accepted = 1 - probability("fnr", fnr), probability("fpr", fpr)
    return np.asarray(np.where(accepted >= recall, 0.0, bernoulli_kl_bits(recall, accepted)))


def lowest_fpr(bits: ArrayLike, fnr: ArrayLike) -> Array:
    """Return least false-positive rate that a tester with `bits` per fact can have at this false-negative rate.

    The inverse in fpr of `two_sided_filter_bits`: by data processing no threshold on any score beats it (Guo & Li
    2026, arXiv 2602.00906).

    Args: `bits`: bits per fact, >= 0; `fnr`: rate (1, in [0, 1]); shapes broadcast.
    Returns: rate (1, in [0, 1 - fnr]); below 2^-1022 to the fewer digits that float64 has there, and 0 where it is
    less than half of 2^-1074. Raises: ValueError where an argument lies outside.
    """
    nats, recall = np.broadcast_arrays(bits_to_nats(nonnegative("bits", bits)), 1 - probability("fnr", fnr))
    reachable = np.where(recall > 0, recall, 1.0)

    def short_of_budget(log2_rate: Array) -> Array:
        rate = np.exp2(log2_rate)
        # As kl_div has it, but with the logarithm kept: recall / rate overflows where the rate is below 2^-1022.
        accepted = recall * (np.log(reachable) - bits_to_nats(log2_rate)) - recall + rate
        return np.asarray(nats - accepted - kl_div(1 - recall, 1 - rate))

    # In the logarithm of the rate, since the answer may be 2^-50 as well as 1/2.
    log2_rate = bisect(short_of_budget, np.full(recall.shape, _NO_RATE), np.log2(reachable))
    return np.asarray(np.where(recall > 0, np.where(nats == 0, recall, np.exp2(log2_rate)), 0.0))
