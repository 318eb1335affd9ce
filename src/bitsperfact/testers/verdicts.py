"""Whether what was measured of a tester is what is known of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

from bitsperfact.testers.law import Law

#: Bits between the known value and either end of an interval that supports it; for shares, of their log2.
CLOSE_BITS = 0.5
#: Error of all verdicts of a run together: one run of twenty has a false alarm.
_ERROR = 0.05


@dataclass(frozen=True)
class Range:
    """An interval of a measured number, in its unit."""

    lower: float
    upper: float


def known_verdicts(law: Law, separation: Mapping[str, Mapping[str, Any]], among: int = 3) -> list[dict[str, Any]]:
    """Three checks: known_bits, known_hallucination, and bits_within_memory (memory bounds measured bits).

    Where too few non-facts were scored to resolve the bits, all that they say is that there are at least
    bits_certified: an estimate from a handful of accepted non-facts, or from none, may lie above the truth. No
    interval without an upper end supports anything, so that such checks are violated or undecided.

    Args: `separation`: rows of one tester's separation table by quantity: bits_per_fact, bits_certified and
    hallucination_rate, with 95 % intervals. `among`: checks of the run, three per tester: intervals are widened so
    that they hold together. Returns: the columns of the verdict table that do not name the tester.
    """
    bits, rate = dict(separation["bits_per_fact"]), separation["hallucination_rate"]
    limited = bool(bits["resolution_limited"])
    if limited:
        bits |= {"lower": min(bits["lower"], separation["bits_certified"]["value"]), "upper": math.inf}
    of_bits = widened(bits, among)
    of_rate = widened(rate, among, highest=1.0)
    share = law.hallucination_rate
    near = Range(law.bits_per_fact - CLOSE_BITS, law.bits_per_fact + CLOSE_BITS)
    near_share = Range(share * 2**-CLOSE_BITS, share * 2**CLOSE_BITS)
    return [
        _verdict("known_bits", law.bits_per_fact, bits, of_bits, agreement(law.bits_per_fact, of_bits, near)),
        _verdict("known_hallucination", share, rate, of_rate, agreement(share, of_rate, near_share)),
        _verdict("bits_within_memory", law.memory_bits, bits, of_bits, at_most(law.memory_bits, of_bits)),
    ]


def widened(row: Mapping[str, Any], among: int, highest: float = math.inf) -> Range:
    """The 95 % interval of a row, made wide enough for `among` of them to hold together (Bonferroni).

    Each end moves away from the value as that of a normal law would; ends stay in [0, highest], an infinite one
    stays.
    """
    normal = NormalDist()
    ratio = normal.inv_cdf(1 - _ERROR / (2 * max(among, 1))) / normal.inv_cdf(1 - _ERROR / 2)
    value = float(row["value"])
    lower, upper = (value + ratio * (float(row[end]) - value) for end in ("lower", "upper"))
    return Range(max(0.0, lower), min(highest, upper))


def agreement(known: float, measured: Range, near: Range) -> Literal["consistent", "undecided", "violated"]:
    """Whether an interval agrees with a known value, in one unit.

    `violated` where the interval does not hold it, `consistent` where it does and lies within `near`: an interval
    wider than that supports nothing, and is `undecided`, as is one with an unknown end.
    """
    if math.isnan(measured.lower) or math.isnan(measured.upper):
        return "undecided"
    if not measured.lower <= known <= measured.upper:
        return "violated"
    return "consistent" if near.lower <= measured.lower and measured.upper <= near.upper else "undecided"


def at_most(known: float, measured: Range) -> Literal["consistent", "undecided", "violated"]:
    """Whether an interval lies below a known bound: `consistent` all of it, `violated` none of it."""
    if measured.upper <= known:
        return "consistent"
    return "violated" if measured.lower > known else "undecided"


def _verdict(
    prediction: str,
    known: float,
    row: Mapping[str, Any],
    ends: Range,
    status: Literal["consistent", "undecided", "violated"],
) -> dict[str, Any]:
    value = float(row["value"])
    measured = f"{value:.4g} ({ends.lower:.4g} to {ends.upper:.4g})"
    if math.isinf(ends.upper):
        measured = f"≥ {ends.lower:.4g}, near {value:.4g},"
    return {
        "prediction": prediction,
        "kind": "check",
        "predicted": known,
        "measured": value,
        "lower": ends.lower,
        "upper": ends.upper,
        "status": status,
        "reason": f"{measured} against {known:.4g}.",
    }
