"""One false alarm in twenty runs, not per row: verdicts on one prediction share its error."""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.stats import norm, t

from bitsperfact.analysis.evidence import UNKNOWN, Measured
from bitsperfact.constants import END_ERROR, ERROR

#: Standard deviations between the centre and either end of a 95 % interval of a normal law.
HALF_WIDTH = float(norm.isf(END_ERROR))


def tail(among: int) -> float:
    """Return the error (1) of each end of an interval, where `among` of them are to hold together (Bonferroni)."""
    return ERROR / (2 * max(among, 1))


@cache
def _quantile(error: float, freedom: float) -> float:
    return float(t.isf(error, freedom))


def shared(number: Measured, n_rows: int, share: float = 1.0) -> Measured:
    """Return a number with an interval that, with those of the `n_rows` - 1 others, holds in 95 % of runs.

    Bonferroni's inequality gives each row the error `ERROR` / `n_rows`, whatever their dependence: rows share
    facts. The table's 95 % ends are moved out by the ratio of quantiles, of Student's law since as few claims as
    the smaller class has know their own spread no better (n - 1 degrees of freedom, at least 1). They move on the
    scale on which noise is even: for shares (unit 1, within [0, 1]) arcsin sqrt(x) (Anscombe 1948, Biometrika
    35:246), for the rest the number itself. Ends without limit stay.

    Args: `number`: with a 95 % interval. `n_rows`: how many rows share the error, at least 1. `share`: part of a
    row's error that this number may use up, in (0, 1].
    Returns: the number with its new ends, never nearer than the old ones. An unknown number is returned as it is.
    Raises: ValueError where `n_rows` or `share` lie outside.
    """
    if n_rows < 1 or not 0 < share <= 1:
        raise ValueError(f"n_rows must be at least 1 and share in (0, 1], got {n_rows} and {share:g}")
    if not number.known:
        return number
    freedom = max(1.0, min(number.n_facts, number.n_nonfacts) - 1)
    wider = _quantile(0.5 * ERROR * share / n_rows, freedom) / HALF_WIDTH
    ends = np.array([number.lower, number.value, number.upper])
    if number.unit == "1" and (ends >= 0).all() and (ends <= 1).all():
        low, middle, high = np.arcsin(np.sqrt(ends))
        moved = np.clip([middle - wider * (middle - low), middle + wider * (high - middle)], 0, np.pi / 2)
        lower, upper = np.sin(moved) ** 2
    else:
        low, middle, high = ends
        lower, upper = middle - wider * (middle - low), middle + wider * (high - middle)
    return replace(number, lower=float(min(lower, ends[0])), upper=float(max(upper, ends[2])))


def log2_ratio(one: Measured, other: Measured) -> Measured:
    """Return log2 of the ratio of two independently measured shares, bits (Zou & Donner 2008, Stat. Med. 27:1693).

    Unknown where a share or its lower end is 0.
    """
    ends = np.array([[each.value, each.lower, each.upper] for each in (one, other)])
    if not np.isfinite(ends).all() or ends.min() <= 0:
        return UNKNOWN
    first, second = np.log2(ends)
    value = first[0] - second[0]
    lower = value - np.hypot(first[0] - first[1], second[2] - second[0])
    upper = value + np.hypot(first[2] - first[0], second[0] - second[1])
    return replace(one, value=float(value), lower=float(lower), upper=float(upper), unit="bits")
