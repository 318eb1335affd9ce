"""Argument checks that the theory's functions share: each error says which argument and why."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: How far a distribution's total may be from 1: float32 histograms pass, a forgotten normalisation does not.
TOTAL_TOLERANCE = 1e-6


def real(name: str, values: ArrayLike) -> Array:
    """Return `values` as float64; ValueError where one of them is NaN."""
    array = np.asarray(values, dtype=np.float64)
    if np.isnan(array).any():
        raise ValueError(f"{name} must be a number, got NaN")
    return array


def probability(name: str, values: ArrayLike) -> Array:
    """Return `values` as float64; ValueError where one of them lies outside [0, 1]."""
    array = real(name, values)
    if ((array < 0) | (array > 1)).any():
        raise ValueError(f"{name} must lie in [0, 1], got {array[(array < 0) | (array > 1)].flat[0]:g}")
    return array


def inside(name: str, value: float, low: float, high: float) -> float:
    """Return `value` if it lies strictly between `low` and `high`, else ValueError."""
    if not low < value < high:
        raise ValueError(f"{name} must lie strictly between {low:g} and {high:g}, got {value:g}")
    return float(value)


def inside_unit(name: str, values: ArrayLike) -> Array:
    """Return `values` as float64; ValueError where one of them lies outside [0, 1)."""
    array = real(name, values)
    if ((array < 0) | (array >= 1)).any():
        raise ValueError(f"{name} must lie in [0, 1), got {array[(array < 0) | (array >= 1)].flat[0]:g}")
    return array


def nonnegative(name: str, values: ArrayLike) -> Array:
    """Return `values` as float64; ValueError where one of them is negative."""
    array = real(name, values)
    if (array < 0).any():
        raise ValueError(f"{name} must not be negative, got {array.min():g}")
    return array


def positive(name: str, values: ArrayLike) -> Array:
    """Return `values` as float64; ValueError where one of them is not positive and finite."""
    array = real(name, values)
    if not ((array > 0) & np.isfinite(array)).all():
        bad = array[~((array > 0) & np.isfinite(array))].flat[0]
        raise ValueError(f"{name} must lie strictly between 0 and inf, got {bad:g}")
    return array


def count(name: str, value: float) -> float:
    """Return `value` if it is a positive, finite number of things, else ValueError."""
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be a positive count, got {value:g}")
    return float(value)


def one_per_score(name: str, values: ArrayLike, scores: Array) -> Array:
    """Return losses of these scores: ValueError where they are negative, NaN, or not one per score."""
    array = nonnegative(name, values)
    if array.shape != scores.shape:
        raise ValueError(f"{name} must give one loss per score, shape {scores.shape}, got {array.shape}")
    return array


def score_grid(name: str, values: ArrayLike) -> Array:
    """Return `values` as a flat array of scores: ValueError where there is none, or one is NaN."""
    array = real(name, values).ravel()
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one score")
    return array


def distributions(name_p: str, p: ArrayLike, name_q: str, q: ArrayLike) -> tuple[Array, Array]:
    """Return two arrays of discrete distributions along equally long last axes, or ValueError."""
    first, second = distribution(name_p, p), distribution(name_q, q)
    if first.shape[-1] != second.shape[-1]:
        counts = f"{first.shape[-1]} and {second.shape[-1]}"
        raise ValueError(f"{name_p} and {name_q} must have the same number of outcomes, got {counts}")
    return first, second


def distribution(name: str, values: ArrayLike) -> Array:
    """Return discrete distributions along the last axis, or ValueError."""
    array = probability(name, values)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} must be a distribution along its last axis, got shape {array.shape}")
    totals = array.sum(axis=-1)
    if (np.abs(totals - 1) > TOTAL_TOLERANCE).any():
        worst = totals.flat[np.abs(totals - 1).argmax()]
        raise ValueError(f"{name} must sum to 1 along its last axis, got {worst:.9g}")
    return array
