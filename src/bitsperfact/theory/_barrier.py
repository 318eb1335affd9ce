"""The dual of a rate-distortion problem with graded labels, maximised by Newton's method with a barrier."""

from dataclasses import dataclass

import numpy as np

from bitsperfact.theory._checks import Array

#: How much sharper the barrier gets after each stage.
_SHARPEN = 4.0
#: Newton steps in all: some 100 are usual, 2000 were seen where grades near 0 meet a fine grid.
_MOST_STEPS = 3000
#: Squared Newton decrement at which a stage is done, and below which full steps converge quadratically.
_CENTRED, _QUADRATIC = 1e-18, 1e-2
_SMALLEST_STEP = 1e-12


@dataclass(frozen=True)
class Dual:
    """The problem: `weights` rho of k grades, share `p` of facts, losses above their least on N scores
    (`of_facts`: shape (k, N), `of_nonfacts`: shape (N,), inf allowed), `eps`: losses allowed above the least, both
    > 0.

    Variables: (v_1..v_k, a, s, t), the log multipliers of the grades, that of non-facts, and the two slopes.
    """

    weights: Array
    p: float
    of_facts: Array
    of_nonfacts: Array
    eps: tuple[float, float]

    @property
    def gradient(self) -> Array:
        """Of the objective, which is linear: rho v - a - s eps_fact - t eps_nonfact, in nats per fact."""
        return np.concatenate([self.weights, [-1.0, -self.eps[0], -self.eps[1]]])

    def terms(self, at: Array) -> tuple[Array, Array, Array]:
        """Of (c - 1) / p: rho_j l_j e^(-s d_j), shape (k, N); l_0 e^(-slope d_0), shape (N,); and the whole."""
        v, a, s, t = at[:-3], at[-3], at[-2], at[-1]
        facts = self.weights[:, np.newaxis] * np.exp(v[:, np.newaxis] - s * self.of_facts)
        energy = a + t * self.of_nonfacts
        if self.p == 0:
            return facts, np.ones_like(energy), facts.sum(axis=0) - 1 - energy
        odds = self.p / (1 - self.p)
        shift = np.expm1(-odds * energy)
        return facts, 1 + shift, facts.sum(axis=0) - 1 + shift / odds


@dataclass(frozen=True)
class DualSolution:
    """A value of the dual that its multipliers prove (nats per fact), the slopes, and the laws."""

    nats: float
    slope_fact: float
    slope_nonfact: float
    mu_grades: Array
    mu_nonfact: Array


def maximise(dual: Dual, tolerance_nats: float) -> DualSolution:
    """Follow the central path until the barrier's own gap, (N + 2) / sharpness, is within the tolerance."""
    barriers = dual.of_nonfacts.size + 2
    # Strictly inside: every grade's multiplier is below 1, and neither loss has a price of 0.
    at = np.concatenate([np.full(dual.weights.size, -1.0), [0.0, 1 / dual.eps[0], 1 / dual.eps[1]]])
    sharpness, steps = barriers / 4.0, 0
    while True:
        at, steps = _centre(dual, at, sharpness, steps)
        if barriers / sharpness <= tolerance_nats or steps >= _MOST_STEPS:
            break
        sharpness *= _SHARPEN
    facts, nonfacts, slack = dual.terms(at)
    output = -1 / slack
    mu_grades, mu_nonfact = facts * output, nonfacts * output
    return DualSolution(
        nats=float(dual.gradient @ at),
        slope_fact=float(at[-2]),
        slope_nonfact=float(at[-1]),
        mu_grades=mu_grades / mu_grades.sum(axis=1, keepdims=True),
        mu_nonfact=mu_nonfact / mu_nonfact.sum(),
    )


def _centre(dual: Dual, at: Array, sharpness: float, steps: int) -> tuple[Array, int]:
    """Newton steps until the barrier's optimum at this sharpness, damped until they are sure to converge."""
    last = np.inf
    while steps < _MOST_STEPS:
        steps += 1
        gradient, hessian = _derivatives(dual, at, sharpness)
        scale = 1 / np.sqrt(np.diag(hessian))
        step = scale * np.linalg.lstsq(hessian * np.outer(scale, scale), -gradient * scale, rcond=None)[0]
        decrement = -float(gradient @ step)
        # Full steps square the decrement; one that no longer falls is rounding.
        if decrement <= _CENTRED or (last < _QUADRATIC and decrement > last / 2):
            break
        last, size = decrement, _step_size(dual, at, step, decrement, sharpness)
        if size == 0:
            break
        at = at + size * step
    return at, steps


def _step_size(dual: Dual, at: Array, step: Array, decrement: float, sharpness: float) -> float:
    # Close to the optimum the barrier's values differ by less than they are rounded: there, stay inside and trust.
    size, value = 1.0, np.inf if decrement < _QUADRATIC else _barrier(dual, at, sharpness)
    while size > _SMALLEST_STEP:
        if _barrier(dual, at + size * step, sharpness) < value - 0.1 * size * decrement:
            return size
        size /= 2
    return 0.0


def _barrier(dual: Dual, at: Array, sharpness: float) -> float:
    if (at[-2:] <= 0).any():
        return np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        slack = dual.terms(at)[2]
    if not (slack < 0).all():
        return np.inf
    return float(-sharpness * (dual.gradient @ at) - np.log(-slack).sum() - np.log(at[-2:]).sum())


def _derivatives(dual: Dual, at: Array, sharpness: float) -> tuple[Array, Array]:
    """Gradient and Hessian of the barrier function in (v, a, s, t)."""
    facts, nonfacts, slack = dual.terms(at)
    k, points = facts.shape
    # A loss of inf has weight 0 in every derivative.
    d_facts = np.where(np.isfinite(dual.of_facts), dual.of_facts, 0.0)
    d_nonfacts = np.where(np.isfinite(dual.of_nonfacts), dual.of_nonfacts, 0.0)
    slopes = np.empty((k + 3, points))
    slopes[:k], slopes[k] = facts, -nonfacts
    slopes[k + 1], slopes[k + 2] = -(facts * d_facts).sum(axis=0), -nonfacts * d_nonfacts
    output = -1 / slack
    hessian = (slopes * output**2) @ slopes.T
    # Second derivatives of the constraints themselves: sums of exponentials of linear functions.
    charged = facts * output
    hessian[range(k), range(k)] += charged.sum(axis=1)
    mixed = (charged * d_facts).sum(axis=1)
    hessian[:k, k + 1] -= mixed
    hessian[k + 1, :k] -= mixed
    hessian[k + 1, k + 1] += (charged * d_facts**2).sum()
    bent = dual.p / (1 - dual.p) * nonfacts * output
    hessian[k, k] += bent.sum()
    hessian[k, k + 2] += bent @ d_nonfacts
    hessian[k + 2, k] += bent @ d_nonfacts
    hessian[k + 2, k + 2] += bent @ d_nonfacts**2
    gradient = slopes @ output - sharpness * dual.gradient
    gradient[-2:] -= 1 / at[-2:]
    hessian[range(k + 1, k + 3), range(k + 1, k + 3)] += 1 / at[-2:] ** 2
    return gradient, hessian
