"""One-dimensional root finding for whole arrays at once."""

from collections.abc import Callable

import numpy as np

from bitsperfact.theory._checks import Array

#: Halvings: enough to shrink an interval of a thousand to the spacing of doubles near 1.
_HALVINGS = 70


def bisect(increasing: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Find where a function that increases from `low` to `high`, elementwise, is zero; an end where nowhere.

    Bisection rather than Newton's method: the functions inverted here are flat at one end and steep at the other.
    """
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = increasing(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(0.5 * (low + high))
