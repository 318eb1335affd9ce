"""Bits per fact where facts are true by degrees, and where they are not infinitely rare."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlog1py, xlogy

from bitsperfact.theory._barrier import Dual, maximise
from bitsperfact.theory._checks import (
    Array,
    distribution,
    inside,
    inside_unit,
    one_per_score,
    probability,
    score_grid,
)
from bitsperfact.theory._feasible import tilt
from bitsperfact.theory.divergence import kl_bits
from bitsperfact.theory.information import membership_information
from bitsperfact.units import bits_to_nats, nats_to_bits

#: Gaps below this one (bits) are within the rounding of the barrier: aiming lower ends higher.
_LEAST_GAP = 1e-7

GradedLoss = Callable[[float, Array], ArrayLike]


@dataclass(frozen=True)
class GradedRate:
    """The least rate, a channel near it, and the proof of how near.

    `bits`: bits per fact (>= 0), never above the least rate on this grid; the channel, which meets both losses,
    needs `bits` + `gap_bits`. `converged`: whether the gap is within the tolerance. `membership_bits` +
    `grading_bits` is what the channel needs: for telling facts from non-facts, F_p, and for telling grades of
    facts apart, I(G; Xhat | fact). `scores`: shape (points,); `mu_grades`: shape (grades, points), `mu_nonfact`:
    shape (points,): score laws (1, each summing to 1).
    """

    bits: float
    gap_bits: float
    converged: bool
    membership_bits: float
    grading_bits: float
    scores: Array
    mu_grades: Array
    mu_nonfact: Array


def graded_log_loss(grade: float, scores: Array) -> Array:
    """Return -g ln x - (1-g) ln(1-x), nats, in [h_e(g), inf]: log-loss against a label g in [0, 1]."""
    with np.errstate(divide="ignore"):
        return np.asarray(-xlogy(grade, scores) - xlog1py(1 - grade, -scores))


def graded_rate_distortion(
    grades: ArrayLike,
    rho: ArrayLike,
    p: float,
    eps_fact: float,
    eps_nonfact: float,
    grid: ArrayLike,
    *,
    loss: GradedLoss = graded_log_loss,
    tolerance_bits: float = 1e-6,
) -> GradedRate:
    """Minimise information per fact with graded labels: I(G; Xhat) / p, G = 0 with probability 1-p, else G ~ rho.

    By the chain rule I(G; Xhat) / p = F_p(mean law of facts || mu_nonfact) + I(G; Xhat | fact). With the one grade
    1 this is the finite-p rate of Guo & Li 2026 (arXiv 2602.00906); p = 0 is its limit, KL. A fact of grade 0
    differs from a non-fact: it counts among the facts.

    The alternating minimisation of Blahut (1972) and Arimoto (1972) takes some 1/p rounds, since each moves the
    non-facts' law by a share p. Its dual is a smooth convex program of few variables (Chiang & Boyd 2004,
    "Geometric programming duals of channel capacity and rate distortion"): with slopes s, t >= 0 and P_i the
    shares of labels,

        maximise  sum_i P_i ln l_i / p - s eps_fact - t eps_nonfact
        where     c(x) = sum_i P_i l_i e^(-slope_i d_i(x)) <= 1  on the grid,

    c being the factor by which a Blahut-Arimoto round multiplies the output law, and c <= 1 Csiszar's (1974) lower
    bound. It is solved by Newton's method with a barrier, written so that nothing is lost as p -> 0 (derived
    here): (c - 1) / p with l_0 = e^(-p a / (1-p)) tends to sum_j rho_j l_j e^(-s d_j) - 1 - a - t d_0. The
    barrier's weights are the output law; laws from it are moved to meet both losses exactly, so their information
    is an upper bound.

    Args: `grades`: labels of facts, shape (grades,), in [0, 1]; `rho`: their distribution. `p`: share of facts, in
    [0, 1). `eps_fact`: mean loss over facts, above the least on the grid; `eps_nonfact`: over non-facts, likewise.
    `grid`: scores, shape (points,). `loss(g, x)`: loss of the scores x at label g, >= 0, inf allowed (default:
    log-loss, nats). `tolerance_bits`: gap that counts as converged, > 0; none below 1e-7 is aimed at. Raises:
    ValueError where an argument does not fit this.
    """
    inside("tolerance_bits", tolerance_bits, 0.0, np.inf)
    share = float(inside_unit("p", p))
    labels, weights = np.atleast_1d(probability("grades", grades)), np.atleast_1d(distribution("rho", rho))
    if labels.shape != weights.shape or labels.ndim > 1 or not weights.all():
        raise ValueError(f"rho must give each grade a share above 0, got {weights.tolist()} for {labels.tolist()}")
    scores = score_grid("grid", grid)
    of_facts = np.stack([_losses_at(float(g), loss, scores) for g in labels])
    of_nonfacts = _losses_at(0.0, loss, scores)
    # A score that non-facts must never get is of use only where facts are not infinitely rare.
    usable = np.isfinite(of_nonfacts) | (share > 0)
    scores, of_facts, of_nonfacts = scores[usable], of_facts[:, usable], of_nonfacts[usable]
    least_fact, least_nonfact = of_facts.min(axis=1), of_nonfacts.min()
    eps = (
        _room("eps_fact", eps_fact, float(weights @ least_fact)),
        _room("eps_nonfact", eps_nonfact, float(least_nonfact)),
    )
    dual = Dual(weights, share, of_facts - least_fact[:, np.newaxis], of_nonfacts - least_nonfact, eps)
    found = maximise(dual, bits_to_nats(max(tolerance_bits, _LEAST_GAP)) / 4)
    mu_grades = tilt(found.mu_grades, dual.of_facts, weights, found.slope_fact, eps[0])
    above = dual.of_nonfacts[np.newaxis]
    mu_nonfact = tilt(found.mu_nonfact[np.newaxis], above, np.ones(1), found.slope_nonfact, eps[1])[0]
    mean_fact = weights @ mu_grades
    membership = float(membership_information(mean_fact, mu_nonfact, share))
    grading = float(weights @ kl_bits(mu_grades, mean_fact))
    bits = max(0.0, nats_to_bits(found.nats))
    gap = max(0.0, membership + grading - bits)
    return GradedRate(bits, gap, gap <= tolerance_bits, membership, grading, scores, mu_grades, mu_nonfact)


def _losses_at(grade: float, loss: GradedLoss, scores: Array) -> Array:
    losses = one_per_score(f"loss({grade:g}, x)", loss(grade, scores), scores)
    if not np.isfinite(losses).any():
        raise ValueError(f"loss({grade:g}, x) must be finite for some score on the grid")
    return losses


def _room(name: str, eps: float, least: float) -> float:
    """Return how much more than the least a mean loss may be; ValueError where that is nothing, or no number."""
    if not least < eps < np.inf:
        raise ValueError(f"{name} must be finite and exceed the least loss on the grid, {least:g}; got {eps:g}")
    return eps - least
