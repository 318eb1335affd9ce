"""Argument checks that the theory's functions share: each error says which argument and why."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: How far a distribution's total may be from 1: float32 histograms pass, a forgotten normalisation does not.
TOTAL_TOLERANCE = 1e-6


def real(name: str, values: ArrayLike) -> Array:
    """`values` as float64; ValueError where one of them is NaN."""
    array = np.asarray(values, dtype=np.float64)
    if np.isnan(array).any():
        raise ValueError(f"{name} must be a number, got NaN")
    return array


def probability(name: str, values: ArrayLike) -> Array:
    """`values` as float64; ValueError where one of them lies outside [0, 1]."""
    array = real(name, values)
    if ((array < 0) | (array > 1)).any():
        raise ValueError(f"{name} must lie in [0, 1], got {array[(array < 0) | (array > 1)].flat[0]:g}")
    return array


def inside(name: str, value: float, low: float, high: float) -> float:
    """`value` if it lies strictly between `low` and `high`, else ValueError."""
    if not low < value < high:
        raise ValueError(f"{name} must lie strictly between {low:g} and {high:g}, got {value:g}")
    return float(value)


def nonnegative(name: str, values: ArrayLike) -> Array:
    """`values` as float64; ValueError where one of them is negative."""
    array = real(name, values)
    if (array < 0).any():
        raise ValueError(f"{name} must not be negative, got {array.min():g}")
    return array


def distributions(name_p: str, p: ArrayLike, name_q: str, q: ArrayLike) -> tuple[Array, Array]:
    """Two arrays of discrete distributions along equally long last axes, or ValueError."""
    first, second = _distribution(name_p, p), _distribution(name_q, q)
    if first.shape[-1] != second.shape[-1]:
        counts = f"{first.shape[-1]} and {second.shape[-1]}"
        raise ValueError(f"{name_p} and {name_q} must have the same number of outcomes, got {counts}")
    return first, second


def _distribution(name: str, values: ArrayLike) -> Array:
    array = probability(name, values)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} must be a distribution along its last axis, got shape {array.shape}")
    totals = array.sum(axis=-1)
    if (np.abs(totals - 1) > TOTAL_TOLERANCE).any():
        worst = totals.flat[np.abs(totals - 1).argmax()]
        raise ValueError(f"{name} must sum to 1 along its last axis, got {worst:.9g}")
    return array
