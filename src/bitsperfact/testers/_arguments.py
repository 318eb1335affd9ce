"""Argument checks that the testers share: each error says which argument and why."""

import math
from typing import Any


def positive(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite number above 0, else ValueError."""
    number = _number(name, value)
    if not 0 < number < math.inf:
        raise ValueError(f"{name} must be a finite number above 0, got {number:g}")
    return number


def share(name: str, value: Any) -> float:
    """Return `value` as a float if it lies strictly between 0 and 1, else ValueError."""
    number = _number(name, value)
    if not 0 < number < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {number:g}")
    return number


def seed_word(seed: Any) -> int:
    """Return `seed` if it is a whole number that 64 bits hold, else ValueError."""
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= seed.__index__() < 2**64:
        raise ValueError(f"seed must be a whole number in [0, 2^64), got {seed!r}")
    return int(seed.__index__())


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    if math.isnan(number):
        raise ValueError(f"{name} must be a number, got NaN")
    return number
