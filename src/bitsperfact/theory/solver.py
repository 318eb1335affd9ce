"""Bits per fact for any losses: the rate-distortion function of a sparse set, by its dual."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from bitsperfact.theory._checks import Array, nonnegative, real
from bitsperfact.units import nats_to_bits

Indices = NDArray[np.intp]
Loss = Callable[[Array], ArrayLike]

#: Slopes beyond this price a fact's loss as if it were forbidden.
_STEEPEST = 1e12
#: Slopes below this one buy no bits.
_FLATTEST = 1e-6


@dataclass(frozen=True)
class RateDistortion:
    """The least rate and a channel that attains it.

    `bits`: bits per fact (>= 0). `slope`: nats of rate per unit of fact loss, s >= 0. `scores`: one or two scores,
    on which the channel puts `mu_fact` and `mu_nonfact` (1, each summing to 1).
    """

    bits: float
    slope: float
    scores: Array
    mu_fact: Array
    mu_nonfact: Array


def rate_distortion(
    d_fact: Loss, d_nonfact: Loss, eps_fact: float, eps_nonfact: float, grid: ArrayLike
) -> RateDistortion:
    """Least KL(mu_fact || mu_nonfact) with mean losses at most `eps_fact` and `eps_nonfact`, scores on a grid.

    The problem is that of Guo & Li 2026, arXiv 2602.00906. Its exact dual (derived here): for a slope s >= 0 and
    given mu_nonfact the best mu_fact is mu_nonfact e^(-s d_fact) / Z with KL + s (loss - eps_fact) = -s eps_fact -
    ln Z, and Z = sum mu_nonfact e^(-s d_fact) is linear in mu_nonfact. So

        R = max_{s >= 0} [ -s eps_fact - ln cav{ (d_nonfact(x), e^(-s d_fact(x))) : x in grid }(eps_nonfact) ]
        nats

    with cav the upper concave non-decreasing envelope of a planar curve; the maximum is concave in s, and two
    scores suffice. A finer grid can only lower the result.

    Args: `d_fact`, `d_nonfact`: losses of an array of scores, >= 0, inf allowed. `grid`: shape (points,), scores.
    Raises: ValueError where a loss is negative or NaN, or no score on the grid meets one of the mean losses.
    """
    scores = np.atleast_1d(real("grid", grid))
    facts, nonfacts = nonnegative("d_fact", d_fact(scores)), nonnegative("d_nonfact", d_nonfact(scores))
    for name, eps, loss in (("eps_fact", eps_fact, facts), ("eps_nonfact", eps_nonfact, nonfacts)):
        if not loss.min() <= eps:
            raise ValueError(f"{name} must be at least the least loss on the grid, {loss.min():g}; got {eps:g}")
    order = np.lexsort((facts, nonfacts))[: int(np.isfinite(nonfacts).sum())]
    scores, facts, nonfacts = scores[order], facts[order], nonfacts[order]
    slope = _best_slope(lambda s: -s * eps_fact - math.log(_envelope(nonfacts, _gain(facts, s), eps_nonfact)[0]))
    # At slope 0 every mixture is as good for the rate; the least positive slope finds one that meets both losses.
    gain = _gain(facts, max(slope, _FLATTEST))
    value, atoms, weights = _envelope(nonfacts, gain, eps_nonfact)
    nats = max(0.0, -slope * eps_fact - math.log(value)) if slope > _FLATTEST else 0.0
    return RateDistortion(nats_to_bits(nats), slope, scores[atoms], weights * gain[atoms] / value, weights)


def _gain(facts: Array, slope: float) -> Array:
    # At slope 0 a loss costs nothing, an infinite one included.
    return np.exp(-slope * facts) if slope > 0 else np.ones_like(facts)


def _best_slope(dual: Callable[[float], float]) -> float:
    """Where a concave function of s >= 0 is largest."""
    high = 1.0
    while high < _STEEPEST and dual(2 * high) > dual(high):
        high *= 2
    found = minimize_scalar(lambda s: -dual(s), bounds=(0.0, 2 * high), method="bounded", options={"xatol": 1e-10})
    return max((0.0, 2 * high, float(found.x)), key=dual)


def _envelope(x: Array, y: Array, at: float) -> tuple[float, Indices, Array]:
    """Largest mean of y over mixtures of the points with mean x at most `at`; its points and their weights."""
    hull = _upper_hull(x, y)
    right = int(np.searchsorted(x[hull], at, side="right"))
    peak = int(y[hull].argmax())
    if right > peak or right == len(hull):
        best = min(peak, len(hull) - 1)
        return float(y[hull[best]]), hull[best : best + 1], np.ones(1)
    pair = hull[right - 1 : right + 1]
    share = (at - x[pair[0]]) / (x[pair[1]] - x[pair[0]])
    weights = np.array([1 - share, share])
    return float(weights @ y[pair]), pair, weights


def _upper_hull(x: Array, y: Array) -> Indices:
    """Indices of the upper concave hull of points sorted by x, by a monotone chain."""
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
