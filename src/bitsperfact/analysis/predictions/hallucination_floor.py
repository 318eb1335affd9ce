"""Theorem: at its bits per fact, no tester hallucinates less than a floor."""

import math
from collections.abc import Iterator

import numpy as np

from bitsperfact.analysis.evidence import Evidence, Measured, Verdict, figure
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import shared
from bitsperfact.constants import MISSED
from bitsperfact.tables import Status
from bitsperfact.theory import lowest_fpr

#: Bits by which the rate may seem to lie below the floor without contradicting it.
FREE_BITS = 0.5


def hallucination_floor(evidence: Evidence) -> Iterator[Verdict]:
    """Check per model, set and score that the hallucination rate is not below the least that its bits allow.

    `predicted` is the floor `lowest_fpr(bits_per_fact, 0.05)`, `measured` the rate at 95 % recall. By data
    processing (Guo & Li 2026, arXiv 2602.00906) the true rate cannot lie below the true floor, so this checks the
    estimates against each other and tells nothing about models. `violated` only if the rate's upper end is below
    the floor at the upper end of the bits, where it is least; `consistent` if the rate's lower end is above the
    floor at half a bit more than the lower end of the bits, where it is highest; else, and where bits that are no
    more than a lower bound would violate it, `undecided`.
    """
    keys = evidence.whole()
    for key in keys:
        # Two ends must both miss to raise an alarm, so that each may use up the whole error of the row.
        bits, rate = (
            shared(evidence.number(key, name), len(keys)) for name in ("bits_per_fact", "hallucination_rate")
        )
        floor, least, most = _floors(bits)
        status, reason = _judged(bits, rate, floor, least, most)
        yield Verdict(
            key.model,
            key.claim_set,
            key.score,
            "hallucination_floor",
            floor,
            rate.value,
            rate.lower,
            rate.upper,
            status,
            reason,
            kind="check",
        )


def _floors(bits: Measured) -> tuple[float, float, float]:
    """Floor at the bits, at their upper end, and at half a bit more than their lower end; NaN where unknown."""
    if not bits.known:
        return math.nan, math.nan, math.nan
    # A debiased estimate of no bits may fall below 0, and bits without end allow a tester that never errs.
    at = np.maximum([bits.value, bits.upper, bits.lower + FREE_BITS], 0.0)
    ends = np.isinf(at)
    floor, least, most = np.where(ends, 0.0, lowest_fpr(np.where(ends, 0.0, at), MISSED))
    return float(floor), float(least), float(most)


def _judged(bits: Measured, rate: Measured, floor: float, least: float, most: float) -> tuple[Status, str]:
    if not (rate.known and bits.known):
        return "undecided", "The hallucination rate or the bits per fact are unknown."
    reason = f"{_percent(rate.value)} of non-facts pass at 95 % recall"
    reason += f", and {bits} allow no less than {_percent(floor)}"
    if rate.upper < least:
        if bits.resolution_limited:
            return "undecided", f"{reason}, but the bits are only a lower bound and the floor may be lower."
        ends = f"{_percent(rate.upper)} against {_percent(least)}"
        return "violated", f"{reason}; even the ends of the intervals disagree, {ends}."
    if rate.lower >= most:
        return "consistent", f"{reason}."
    return "undecided", f"{reason}; the intervals are too wide to tell them apart."


def _percent(rate: float) -> str:
    return f"{figure(100 * rate)} %"


PREDICTION = Prediction(
    "hallucination_floor",
    "check",
    "all",
    "no tester hallucinates less than its bits allow",
    hallucination_floor,
    61,
)
