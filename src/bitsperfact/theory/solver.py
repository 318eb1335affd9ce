"""Bits per fact for any losses: the rate-distortion function of a sparse set, by its dual."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bitsperfact.theory._checks import Array, one_per_score, score_grid
from bitsperfact.theory._envelope import envelope
from bitsperfact.theory.divergence import kl_bits
from bitsperfact.units import nats_to_bits

Loss = Callable[[Array], ArrayLike]

#: Relative distance below the least loss on the grid that counts as rounding of the score which attains it.
_ROUNDING = 1e-7
#: Halvings of the interval of slopes, relative to its upper end: enough to reach neighbouring doubles.
_HALVINGS = 100
#: Slopes beyond this one would overflow; losses that ask for more are met at it, and the gap says so.
_STEEPEST = 1e300


@dataclass(frozen=True)
class RateDistortion:
    """The least rate, a channel that attains it, and the proof that it does.

    `bits`: bits per fact (>= 0), by the dual, so never above the least rate on this grid. `gap_bits`: KL(mu_fact
    || mu_nonfact) of the channel, which meets both losses, less `bits`: the least rate lies in [bits, bits +
    gap_bits]. `slope`: nats of rate per unit of fact loss, s >= 0 (inf where facts may lose no more than the
    least). `scores`: shape (atoms,), at most four scores, on which the channel puts `mu_fact` and `mu_nonfact` (1,
    each summing to 1).
    """

    bits: float
    gap_bits: float
    slope: float
    scores: Array
    mu_fact: Array
    mu_nonfact: Array


def rate_distortion(
    d_fact: Loss, d_nonfact: Loss, eps_fact: float, eps_nonfact: float, grid: ArrayLike
) -> RateDistortion:
    """Minimise KL(mu_fact || mu_nonfact) with mean losses at most `eps_fact` and `eps_nonfact`, on a grid.

    The problem is that of Guo & Li 2026, arXiv 2602.00906. Its exact dual (derived here): for a slope s >= 0 and
    given mu_nonfact the best mu_fact is mu_nonfact e^(-s d_fact) / Z with KL + s (loss - eps_fact) = -s eps_fact -
    ln Z, and Z = sum mu_nonfact e^(-s d_fact) is linear in mu_nonfact. So

        R = max_{s >= 0} [ -s eps_fact - ln cav{ (d_nonfact(x), e^(-s d_fact(x))) : x in grid }(eps_nonfact) ]
        nats

    with cav the upper concave non-decreasing envelope of a planar curve. The maximum is concave in s, and its
    slope is the loss of facts less eps_fact, so it is found by bisection. The channel: at the best slope the
    envelope may rest on one edge from the left and on another from the right, with fact losses above and below
    eps_fact. Both edges solve the same problem, so do their mixtures, and one mixture has the loss eps_fact
    exactly. A finer grid can only lower the result.

    Args: `d_fact`, `d_nonfact`: losses of an array of scores, same shape, >= 0, inf allowed. `grid`: shape
    (points,), scores. `eps_fact`, `eps_nonfact`: finite, in the losses' units; one short of
    the least loss by less than 1e-7 of itself, as rounded scores may make it, is taken for the least.
    Raises: ValueError where a loss is negative or NaN, where no score on the grid meets one of the mean losses, or
    where no finite memory meets both.
    """
    scores = score_grid("grid", grid)
    facts = one_per_score("d_fact", d_fact(scores), scores)
    nonfacts = one_per_score("d_nonfact", d_nonfact(scores), scores)
    eps_fact = _reachable("eps_fact", eps_fact, float(facts.min()))
    eps_nonfact = _reachable("eps_nonfact", eps_nonfact, float(nonfacts.min()))
    usable = np.isfinite(nonfacts) if eps_nonfact > nonfacts.min() else nonfacts == nonfacts.min()
    scores, facts, nonfacts = scores[usable], facts[usable], nonfacts[usable]
    if facts.min() > eps_fact * (1 + _ROUNDING):
        raise ValueError(
            f"eps_fact = {eps_fact:g} and eps_nonfact = {eps_nonfact:g} take infinite memory: non-facts lose too "
            f"much on every score where facts lose less than {facts.min():g}"
        )
    order = np.lexsort((facts, nonfacts))
    eps_fact = max(eps_fact, float(facts.min()))
    return _solve(scores[order], facts[order], nonfacts[order], eps_fact, eps_nonfact)


def _reachable(name: str, eps: float, least: float) -> float:
    """`eps`, or the least loss where that is above it by rounding alone; ValueError where it is out of reach."""
    if not least <= eps * (1 + _ROUNDING) < math.inf:
        raise ValueError(f"{name} must be at least the least loss on the grid, {least:g}, and finite; got {eps:g}")
    return max(eps, least)


@dataclass(frozen=True)
class _Edge:
    """What the envelope rests on at one slope: both laws on the grid, the facts' loss and the dual's value."""

    mu_fact: Array
    mu_nonfact: Array
    loss: float
    nats: float


def _solve(scores: Array, facts: Array, nonfacts: Array, eps_fact: float, eps_nonfact: float) -> RateDistortion:
    """Return the answer for points sorted by non-fact loss, of which at least one meets each loss."""
    least = float(facts.min())
    # From the least loss, where the gain of the best score is 1 at every slope and nothing underflows.
    above, eps = facts - least, eps_fact - least

    def at(slope: float) -> _Edge:
        gain = (above == 0).astype(np.float64) if math.isinf(slope) else np.exp(-slope * above)
        return _edge(above, nonfacts, gain, eps_nonfact, -slope * eps if eps > 0 else 0.0)

    free = _without_memory(above, nonfacts, eps_nonfact)
    if free.loss <= eps:
        return _answer(scores, free, free, 0.0, 0.0, eps)
    if eps == 0:
        edge = at(math.inf)
        return _answer(scores, edge, edge, edge.nats, math.inf, eps)
    low, high = 0.0, min(1.0 / eps, _STEEPEST)
    too_lossy, enough = free, at(high)
    while enough.loss > eps and high < _STEEPEST:
        low, too_lossy, high = high, enough, 4 * high
        enough = at(high)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        edge = at(middle)
        if edge.loss > eps:
            low, too_lossy = middle, edge
        else:
            high, enough = middle, edge
    return _answer(scores, too_lossy, enough, max(too_lossy.nats, enough.nats), high, eps)


def _edge(above: Array, nonfacts: Array, gain: Array, eps_nonfact: float, offset: float) -> _Edge:
    value, atoms, weights = envelope(nonfacts, gain, eps_nonfact)
    mu_nonfact, mu_fact = np.zeros_like(gain), np.zeros_like(gain)
    mu_nonfact[atoms], mu_fact[atoms] = weights, weights * gain[atoms] / value
    return _Edge(mu_fact, mu_nonfact, _mean(mu_fact, above), offset - math.log(value))


def _without_memory(above: Array, nonfacts: Array, eps_nonfact: float) -> _Edge:
    """Return the law for facts and non-facts alike that costs facts least: the limit of slope 0, worth 0 nats."""
    finite = np.flatnonzero(np.isfinite(above))
    mu = np.zeros_like(above)
    if nonfacts[finite[0]] > eps_nonfact:
        # Facts would lose infinitely much wherever non-facts lose little enough.
        return _Edge(mu, mu, math.inf, 0.0)
    _, atoms, weights = envelope(nonfacts[finite], -above[finite], eps_nonfact)
    mu[finite[atoms]] = weights
    return _Edge(mu, mu, _mean(mu, above), 0.0)


def _mean(mu: Array, values: Array) -> float:
    return float(mu[mu > 0] @ values[mu > 0])


def _answer(scores: Array, lossy: _Edge, enough: _Edge, nats: float, slope: float, eps: float) -> RateDistortion:
    """Mix two solutions so that facts lose `eps`, and measure how far the mixture is from the dual's bound."""
    share = 1.0
    if lossy.loss > enough.loss and math.isfinite(lossy.loss):
        share = min(1.0, (lossy.loss - eps) / (lossy.loss - enough.loss))
    mu_fact = share * enough.mu_fact + (1 - share) * lossy.mu_fact
    mu_nonfact = share * enough.mu_nonfact + (1 - share) * lossy.mu_nonfact
    atoms = np.flatnonzero(mu_nonfact)
    mu_fact, mu_nonfact = mu_fact[atoms], mu_nonfact[atoms]
    bits = max(0.0, nats_to_bits(nats))
    gap = max(0.0, float(kl_bits(mu_fact, mu_nonfact)) - bits)
    return RateDistortion(bits, gap, slope, scores[atoms], mu_fact, mu_nonfact)
