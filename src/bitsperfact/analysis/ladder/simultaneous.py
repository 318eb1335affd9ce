"""Intervals that hold for many numbers at once: one false alarm in twenty runs, not one in twenty cells."""

import numpy as np
from scipy.stats import norm

from bitsperfact.analysis.evidence import Measured
from bitsperfact.estimate import share_bounds

#: Error of the intervals of one prediction over all of a run.
ERROR = 0.05
Ends = tuple[float, float]
UNKNOWN: Ends = (float("nan"), float("nan"))


def tail(among: int) -> float:
    """Error (1) of each end of an interval where `among` intervals are to hold together (Bonferroni)."""
    return ERROR / (2 * max(among, 1))


def widened(number: Measured, among: int, lowest: float = -np.inf, highest: float = np.inf) -> Ends:
    """Ends of a number's 95 % interval, made wide enough for `among` of them to hold together.

    Each end moves away from the value as that of a normal law would: by the ratio of the two quantiles. Ends stay
    in [lowest, highest]. Unknown where the number is.
    """
    if not number.known:
        return UNKNOWN
    ratio = float(norm.isf(tail(among)) / norm.isf(tail(1)))
    lower = number.value - ratio * (number.value - number.lower)
    upper = number.value + ratio * (number.upper - number.value)
    return max(lowest, lower), min(highest, upper)


def share_ends(share: float, n: float, among: int) -> Ends:
    """Clopper-Pearson ends of a share counted among n claims, for `among` of them to hold together."""
    if not np.isfinite(share) or n <= 0:
        return UNKNOWN
    low, high = share_bounds(share * n, n, tail(among))
    return float(low), float(high)


def log2_ratio(one: float, ends_of_one: Ends, other: float, ends_of_other: Ends) -> tuple[float, Ends]:
    """log2 of the ratio of two independent shares, bits, with ends from those of each (Zou & Donner 2008).

    Unknown where a share or its lower end is 0.
    """
    everything = [one, *ends_of_one, other, *ends_of_other]
    if not np.isfinite(everything).all() or min(everything) <= 0:
        return float("nan"), UNKNOWN
    value = float(np.log2(one / other))
    first, second = np.log2(ends_of_one) - np.log2(one), np.log2(ends_of_other) - np.log2(other)
    return value, (float(value - np.hypot(first[0], second[1])), float(value + np.hypot(first[1], second[0])))
