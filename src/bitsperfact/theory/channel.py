"""The hallucination channel: what the cheapest tester under log-loss does.

It gives every fact the score x* and every non-fact either 0 or, with probability q*, the same x*: those are the
hallucinations, and no better training removes them at the same memory.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from bitsperfact.theory._bisection import bisect
from bitsperfact.theory._checks import Array, inside, nonnegative

#: Bits per fact beyond which 2^-bits is no longer a normal float64.
_MOST_BITS = 1022.0


@dataclass(frozen=True)
class Channel:
    """`x_star`: confidence (1, in (0, 1)) on facts and hallucinations; `q_star`: hallucinated share of non-facts
    (1, in (0, 1]); `bits`: bits per fact, log2(1 / q_star)."""

    x_star: float
    q_star: float
    bits: float


@dataclass(frozen=True)
class Optimum:
    """The least log-loss at a budget; each field has the budget's shape.

    `x_star` and `q` as in `Channel` (1); `loss_nats`: the weighted mean log-loss (nats).
    """

    x_star: Array
    q: Array
    loss_nats: Array


def log_loss_channel(eps_fact: float, eps_nonfact: float) -> Channel:
    """Cheapest channel whose mean log-loss is at most `eps_fact` on facts and `eps_nonfact` on non-facts.

    x* = exp(-eps_fact), q* = eps_nonfact / -ln(1 - x*) (Guo & Li 2026, arXiv 2602.00906, the log-loss theorem).
    Where exp(-eps_fact) + exp(-eps_nonfact) <= 1 a constant answer suffices: q* = 1 and 0 bits.

    Args: losses in nats, each > 0 and finite. Raises: ValueError where one is not.
    """
    inside("eps_fact", eps_fact, 0.0, math.inf)
    inside("eps_nonfact", eps_nonfact, 0.0, math.inf)
    loss_of_hallucination = -math.log(-math.expm1(-eps_fact))
    q_star = min(1.0, eps_nonfact / loss_of_hallucination) if loss_of_hallucination > 0 else 1.0
    return Channel(x_star=math.exp(-eps_fact), q_star=q_star, bits=-math.log2(q_star) + 0.0)


def budget_optimum(bits: ArrayLike, fact_weight: float = 0.5) -> Optimum:
    """Least weighted log-loss that `bits` per fact can buy, and the channel that attains it.

    With q = 2^-bits and a = `fact_weight`: x* = a / (a + (1-a) q) and L* = (a + (1-a) q) h_e(x*). Derived here:
    among channels of Guo & Li 2026 (arXiv 2602.00906) with this q, the loss -a ln x - (1-a) q ln(1-x) is least
    where its derivative vanishes. So q x* / (1-x*) = a / (1-a), whatever the budget.

    Args: `bits`: any shape, bits, in [0, 1022]. `fact_weight`: a, in (0, 1).
    Raises: ValueError where an argument lies outside.
    """
    inside("fact_weight", fact_weight, 0.0, 1.0)
    budget = nonnegative("bits", bits)
    if (budget > _MOST_BITS).any():
        raise ValueError(
            f"bits must be at most {_MOST_BITS:g}, where 2^-bits leaves float64; got {budget.max():g}"
        )
    q = np.exp2(-budget)
    x_star = fact_weight / (fact_weight + (1 - fact_weight) * q)
    return Optimum(x_star=x_star, q=q, loss_nats=_least_loss(budget, fact_weight))


def effective_bits(loss_nats: ArrayLike, fact_weight: float = 0.5) -> Array:
    """Bits per fact that a weighted log-loss is worth: the budget at which the optimum has this loss.

    The exact inverse of `budget_optimum(...).loss_nats`, by bisection (derived here). A tester that spends more
    than this spends the difference on spreading its scores.

    Args: `loss_nats`: any shape, nats, >= 0, a loss(facts) + (1-a) loss(non-facts). `fact_weight`: a, in (0, 1).
    Returns: same shape, bits, in [0, inf]: 0 where no memory does as well, inf where the loss is 0.
    Raises: ValueError where an argument lies outside.
    """
    inside("fact_weight", fact_weight, 0.0, 1.0)
    loss = nonnegative("loss_nats", loss_nats)
    bits = bisect(
        lambda b: loss - _least_loss(b, fact_weight), np.zeros_like(loss), np.full_like(loss, _MOST_BITS)
    )
    without_memory = _least_loss(np.zeros(()), fact_weight)
    return np.asarray(np.where(loss == 0, np.inf, np.where(loss >= without_memory, 0.0, bits)))


def _least_loss(bits: Array, fact_weight: float) -> Array:
    """L*(bits), nats: -a ln x* - (1-a) q ln(1-x*) with 1-x* kept apart, because x* rounds to 1 at 53 bits."""
    hallucinated = (1 - fact_weight) * np.exp2(-bits)
    confident = fact_weight + hallucinated
    on_facts = fact_weight * np.log1p(hallucinated / fact_weight)
    return np.asarray(on_facts - xlogy(hallucinated, hallucinated / confident))
