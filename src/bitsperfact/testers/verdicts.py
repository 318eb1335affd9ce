"""Whether what was measured of a tester is what is known of it."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from bitsperfact.testers.law import Law


def known_verdicts(law: Law, separation: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Three verdicts: known_bits, known_hallucination, and bits_within_memory (memory bounds measured bits).

    Where too few non-facts were scored to resolve the bits, all that they say is that there are at least
    bits_certified: an estimate from a handful of accepted non-facts, or from none, may lie above the truth.

    Args: `separation`: rows of one tester's separation table by quantity: bits_per_fact, bits_certified and
    hallucination_rate. Returns: the columns of the verdict table that do not name the tester.
    """
    bits, rate = dict(separation["bits_per_fact"]), separation["hallucination_rate"]
    limited = bool(bits["resolution_limited"])
    if limited:
        bits |= {"lower": min(bits["lower"], separation["bits_certified"]["value"]), "upper": math.inf}
    within = agreement(law.memory_bits, bits["value"], bits["lower"], math.inf)
    return [
        _verdict("known_bits", law.bits_per_fact, bits, limited),
        _verdict("known_hallucination", law.hallucination_rate, rate),
        _verdict("bits_within_memory", law.memory_bits, bits, limited) | {"status": within},
    ]


def agreement(
    known: float, value: float, lower: float, upper: float
) -> Literal["consistent", "undecided", "violated"]:
    """Whether an estimate with its interval agrees with a known value, all in one unit.

    Consistent inside [lower, upper]. Of many 95 % intervals some miss, so that only a value more than twice as far
    from the estimate as that end of the interval is violated. An infinite `upper` stands for a lower bound.
    """
    if lower <= known <= upper:
        return "consistent"
    end = lower if known < lower else upper
    return "violated" if abs(known - value) > 2 * abs(end - value) else "undecided"


def _verdict(prediction: str, known: float, row: Mapping[str, Any], limited: bool = False) -> dict[str, Any]:
    value, lower, upper = float(row["value"]), float(row["lower"]), float(row["upper"])
    measured = f"≥ {lower:.4g}, near {value:.4g}," if limited else f"{value:.4g} ({lower:.4g} to {upper:.4g})"
    return {
        "prediction": prediction,
        "kind": "check",
        "predicted": known,
        "measured": value,
        "lower": lower,
        "upper": upper,
        "status": agreement(known, value, lower, upper),
        "reason": f"{measured} against {known:.4g}.",
    }
