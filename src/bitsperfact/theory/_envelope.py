"""Upper concave envelopes of planar point sets."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.theory._checks import Array

Indices = NDArray[np.intp]


def envelope(x: Array, y: Array, at: float) -> tuple[float, Indices, Array]:
    """Return largest mean of y over mixtures of the points with mean x at most `at`; its points and their weights.

    Args: points sorted by x, then by falling y; `at` >= x[0].
    """
    hull = _upper_hull(x, y)
    right = int(np.searchsorted(x[hull], at, side="right"))
    highest = int(y[hull].argmax())
    if right > highest or right == len(hull):
        best = min(highest, len(hull) - 1)
        return float(y[hull[best]]), hull[best : best + 1], np.ones(1)
    pair = hull[right - 1 : right + 1]
    share = (at - x[pair[0]]) / (x[pair[1]] - x[pair[0]])
    weights = np.array([1 - share, share])
    return float(weights @ y[pair]), pair, weights


def _upper_hull(x: Array, y: Array) -> Indices:
    """Return the indices of the upper concave hull of points sorted by x, by a monotone chain."""
    hull: list[int] = []
    xs, ys = x.tolist(), y.tolist()
    for i, (xi, yi) in enumerate(zip(xs, ys, strict=True)):
        if hull and xs[hull[-1]] == xi:
            if ys[hull[-1]] >= yi:
                continue
            hull.pop()
        while len(hull) > 1:
            (x0, y0), (x1, y1) = (xs[hull[-2]], ys[hull[-2]]), (xs[hull[-1]], ys[hull[-1]])
            if (y1 - y0) * (xi - x0) > (yi - y0) * (x1 - x0):
                break
            hull.pop()
        hull.append(i)
    return np.array(hull, dtype=np.intp)
