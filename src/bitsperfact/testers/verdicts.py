"""Whether what was measured of a tester is what is known of it."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from bitsperfact.testers.law import Law


def known_verdicts(law: Law, separation: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Three verdicts: known_bits, known_hallucination, and bits_within_memory (memory bounds measured bits).

    Args: `separation`: rows of one tester's separation table by quantity, at least bits_per_fact and
    hallucination_rate. Returns: the columns of the verdict table that do not name the tester.
    """
    bits, rate = separation["bits_per_fact"], separation["hallucination_rate"]
    within = "violated" if bits["lower"] > law.memory_bits else "consistent"
    return [
        _verdict("known_bits", law.bits_per_fact, bits),
        _verdict("known_hallucination", law.hallucination_rate, rate),
        _verdict("bits_within_memory", law.memory_bits, bits) | {"status": within},
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


def _verdict(prediction: str, known: float, row: Mapping[str, Any]) -> dict[str, Any]:
    """One verdict. Where too few non-facts were scored to resolve the bits, they are a lower bound."""
    limited = bool(row["resolution_limited"])
    value, lower, upper = float(row["value"]), float(row["lower"]), math.inf if limited else float(row["upper"])
    measured = f"{'≥ ' if limited else ''}{value:.4g} ({lower:.4g} to {upper:.4g})"
    return {
        "prediction": prediction,
        "predicted": known,
        "measured": value,
        "lower": lower,
        "upper": upper,
        "status": agreement(known, value, lower, upper),
        "reason": f"{measured} against {known:.4g}.",
    }
