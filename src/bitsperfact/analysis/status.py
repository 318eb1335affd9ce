"""What an interval says of a prediction that names a range: the one rule that all verdicts share."""

import math

from bitsperfact.tables import Status


def judged(lower: float, upper: float, low: float, high: float) -> Status:
    """Judge a measured interval [`lower`, `upper`] by the range [`low`, `high`] that is predicted.

    `consistent` where the whole interval lies within the range, `violated` where it lies wholly outside, otherwise
    `undecided`: an interval wider than the tolerance has decided nothing (equivalence testing; Schuirmann 1987, J.
    Pharmacokin. Biopharm. 15:657; Lakens 2017, Soc. Psychol. Pers. Sci. 8:355). If the interval covers the truth
    with probability 1 - e, either decision is wrong with probability at most e.

    Args: in one unit; a range that is open to one side has an infinite end, as "at most" and "at least" have. An
    interval may have infinite ends too. `undecided` where any of the four is NaN.
    Raises: ValueError where `low` > `high`.
    """
    if any(map(math.isnan, (lower, upper, low, high))):
        return "undecided"
    if low > high:
        raise ValueError(f"the range must not be empty, got [{low:g}, {high:g}]")
    if upper < low or lower > high:
        return "violated"
    return "consistent" if low <= lower and upper <= high else "undecided"


def above(lower: float, upper: float, bound: float) -> Status:
    """Judge a prediction of sign: the truth lies strictly above `bound`.

    `consistent` where the whole interval lies above the bound, `violated` where none of it does: an interval that
    was cut off at the bound (bits at 0) must not pass for one that lies above. NaN: `undecided`.
    """
    if any(map(math.isnan, (lower, upper, bound))):
        return "undecided"
    if upper <= bound:
        return "violated"
    return "consistent" if lower > bound else "undecided"


def agrees(lower: float, upper: float, known: float, low: float, high: float) -> Status:
    """Judge a measured interval by a value that is known exactly.

    `violated` where the interval does not hold it, however near it lies; `consistent` where it does and lies
    within [`low`, `high`]: a wider one supports nothing, and is `undecided`, as is one with a NaN end.
    """
    if math.isnan(lower) or math.isnan(upper):
        return "undecided"
    return judged(lower, upper, low, high) if lower <= known <= upper else "violated"
