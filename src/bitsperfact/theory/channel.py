"""The hallucination channel: what the cheapest tester under log-loss does.

It gives every fact the score x* and every non-fact either 0 or, with probability q*, the same x*: those are the
hallucinations, and no better training removes them at the same memory.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlog1py, xlogy

from bitsperfact.theory._bisection import bisect
from bitsperfact.theory._checks import Array, inside, nonnegative, positive, probability

#: Bits per fact beyond which 2^-bits is no longer a normal float64.
MOST_BITS = 1022.0


@dataclass(frozen=True)
class Channel:
    """The cheapest channel at given losses; each field has the shape of the broadcast losses.

    `x_star`: confidence (1, in (0, 1)) on facts and hallucinations; `q_star`: hallucinated share of non-facts
    (1, in (0, 1]); `bits`: bits per fact, log2(1 / q_star).
    """

    x_star: Array
    q_star: Array
    bits: Array


@dataclass(frozen=True)
class Optimum:
    """The least log-loss at a budget; each field has the budget's shape.

    `x_star` and `q` as in `Channel` (1); `loss_nats`: the weighted mean log-loss (nats).
    """

    x_star: Array
    q: Array
    loss_nats: Array


def log_loss_channel(eps_fact: ArrayLike, eps_nonfact: ArrayLike) -> Channel:
    """Return cheapest channel whose mean log-loss is at most `eps_fact` on facts and `eps_nonfact` on non-facts.

    x* = exp(-eps_fact), q* = eps_nonfact / -ln(1 - x*) (Guo & Li 2026, arXiv 2602.00906, the log-loss theorem).
    Where exp(-eps_fact) + exp(-eps_nonfact) <= 1 a constant answer suffices: q* = 1 and 0 bits.

    Args: losses in nats, each > 0 and finite; shapes broadcast. Raises: ValueError where one is not: a loss of
    exactly 0 has no finite memory (non-facts) or no confidence below 1 (facts).
    """
    of_facts, of_nonfacts = positive("eps_fact", eps_fact), positive("eps_nonfact", eps_nonfact)
    x_star, of_nonfacts = np.broadcast_arrays(np.exp(-of_facts), of_nonfacts)
    loss_of_hallucination = loss_of_false_fact(of_facts)
    # Losses so easy that hallucinating everything costs less than it may; there the quotient can overflow.
    costly = loss_of_hallucination > of_nonfacts
    q_star = np.where(costly, of_nonfacts / np.where(costly, loss_of_hallucination, 1.0), 1.0)
    return Channel(x_star=np.asarray(x_star), q_star=q_star, bits=np.asarray(-np.log2(q_star) + 0.0))


def loss_of_false_fact(eps_fact: Array) -> Array:
    """Return the log-loss (nats) of a non-fact at a fact's score: -ln(1 - exp(-eps_fact)), losses > 0, any shape.

    Where facts lose more than ln 2 the confidence is small and 1 minus it rounds, so there the confidence itself
    goes into log1p, elsewhere its doubt into log (Maechler 2012, "Accurately computing log(1 - exp(-|a|))").
    """
    unsure = eps_fact > math.log(2)
    doubt = -np.expm1(-np.where(unsure, math.log(2), eps_fact))
    return np.asarray(-np.where(unsure, np.log1p(-np.exp(-eps_fact)), np.log(doubt)))


def budget_optimum(bits: ArrayLike, fact_weight: float = 0.5) -> Optimum:
    """Return the least weighted log-loss that `bits` per fact can buy, and the channel that attains it.

    With q = 2^-bits and a = `fact_weight`: x* = a / (a + (1-a) q) and L* = (a + (1-a) q) h_e(x*). Derived here:
    among channels of Guo & Li 2026 (arXiv 2602.00906) with this q, the loss -a ln x - (1-a) q ln(1-x) is least
    where its derivative vanishes. So q x* / (1-x*) = a / (1-a), whatever the budget.

    Args: `bits`: any shape, bits, in [0, 1022]. `fact_weight`: a, in (0, 1).
    Raises: ValueError where an argument lies outside.
    """
    inside("fact_weight", fact_weight, 0.0, 1.0)
    budget = nonnegative("bits", bits)
    if (budget > MOST_BITS).any():
        raise ValueError(f"bits must be at most {MOST_BITS:g}, where 2^-bits leaves float64; got {budget.max():g}")
    q = np.exp2(-budget)
    x_star = fact_weight / (fact_weight + (1 - fact_weight) * q)
    return Optimum(x_star=x_star, q=q, loss_nats=_least_loss(budget, fact_weight))


def hallucination_odds(q: ArrayLike, x_star: ArrayLike) -> Array:
    """Return q x* / (1 - x*): at the optimum a / (1 - a), the odds of a fact in the loss, whatever the budget.

    The parameter-free test of the theory: no capacity constant enters (derived here, see `budget_optimum`). Above
    a / (1 - a) a tester is more confident than its hallucinations warrant.

    Args: `q`: share of non-facts accepted, `x_star`: confidence on what is accepted; 1, in [0, 1]; shapes
    broadcast. Returns: 1, in [0, inf]. Raises: ValueError where an argument lies outside.
    """
    hallucinated, confidence = probability("q", q), probability("x_star", x_star)
    doubt = 1 - confidence
    return np.asarray(np.where(doubt > 0, hallucinated * confidence / np.where(doubt > 0, doubt, 1.0), np.inf))


def effective_bits(loss_nats: ArrayLike, fact_weight: float = 0.5) -> Array:
    """Return the bits per fact that a weighted log-loss is worth: the budget at which the optimum has this loss.

    The exact inverse of `budget_optimum(...).loss_nats`, by bisection (derived here). A tester that spends more
    than this spends the difference on spreading its scores.

    Args: `loss_nats`: any shape, nats, >= 0, a loss(facts) + (1-a) loss(non-facts). `fact_weight`: a, in (0, 1).
    Returns: same shape, bits, in [0, inf]: 0 where no memory does as well, inf where the loss is 0.
    Raises: ValueError where an argument lies outside.
    """
    inside("fact_weight", fact_weight, 0.0, 1.0)
    loss = nonnegative("loss_nats", loss_nats)
    bits = bisect(lambda b: loss - _least_loss(b, fact_weight), np.zeros_like(loss), np.full_like(loss, MOST_BITS))
    without_memory = _least_loss(np.zeros(()), fact_weight)
    return np.asarray(np.where(loss == 0, np.inf, np.where(loss >= without_memory, 0.0, bits)))


def weighted_log_loss(facts: ArrayLike, nonfacts: ArrayLike, fact_weight: float = 0.5) -> Array:
    """Return the log-loss of log-odds: a mean ln(1 + e^-facts) + (1-a) mean ln(1 + e^nonfacts).

    Args: `facts` (..., n), `nonfacts` (..., N): log-odds of a fact, nats. `fact_weight`: a, in (0, 1).
    Returns: shape (...), nats, in [0, inf). Raises: ValueError where `fact_weight` lies outside.
    """
    inside("fact_weight", fact_weight, 0.0, 1.0)
    of_facts, of_nonfacts = np.asarray(facts, dtype=np.float64), np.asarray(nonfacts, dtype=np.float64)
    lost = fact_weight * np.logaddexp(0.0, -of_facts).mean(axis=-1)
    return np.asarray(lost + (1 - fact_weight) * np.logaddexp(0.0, of_nonfacts).mean(axis=-1))


def posterior_loss(facts: ArrayLike, nonfacts: ArrayLike) -> Array:
    """Log-loss (nats) from claims of these total weights that all get their posterior, facts / (facts + nonfacts).

    With 1-x* kept apart, because x* rounds to 1 at 53 bits.
    """
    of_facts, of_nonfacts = np.asarray(facts), np.asarray(nonfacts)
    total = of_facts + of_nonfacts
    doubt = of_nonfacts / np.where(total > 0, total, 1.0)
    on_facts = xlog1py(of_facts, of_nonfacts / np.where(of_facts > 0, of_facts, 1.0))
    return np.asarray(on_facts - xlogy(of_nonfacts, doubt))


def _least_loss(bits: Array, fact_weight: float) -> Array:
    """L*(bits), nats: facts and hallucinations share one score."""
    return posterior_loss(fact_weight, (1 - fact_weight) * np.exp2(-bits))
