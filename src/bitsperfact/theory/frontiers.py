"""What a budget can buy: the pairs of losses, and of error rates, that no tester with as many bits improves on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bitsperfact.theory._checks import Array, nonnegative, positive, probability
from bitsperfact.theory.channel import loss_of_false_fact
from bitsperfact.theory.filters import lowest_fpr

#: Losses (nats) and rates (1) that a frontier is drawn through unless others are asked for.
_LOSSES = np.geomspace(1e-4, 10.0, 241)
_RATES = np.linspace(0.0, 1.0, 201)


@dataclass(frozen=True)
class LossFrontier:
    """Least log-loss on non-facts beside that on facts; all fields of one shape.

    `bits`: budget, bits per fact; `eps_fact`, `eps_nonfact`: mean losses, nats; `x_star`: confidence on facts (1).
    """

    bits: Array
    eps_fact: Array
    eps_nonfact: Array
    x_star: Array


@dataclass(frozen=True)
class FilterFrontier:
    """Least false-positive rate beside the false-negative rate; `bits` per key; all fields of one shape."""

    bits: Array
    fnr: Array
    fpr: Array


def loss_frontier(bits: ArrayLike, eps_fact: ArrayLike = _LOSSES) -> LossFrontier:
    """Return the log-losses that need exactly `bits` per fact: eps_nonfact = -2^-bits ln(1 - exp(-eps_fact)).

    The log-loss theorem of Guo & Li 2026 (arXiv 2602.00906) solved for eps_nonfact; pairs below are out of reach.
    To draw several budgets at once, give `bits` the shape (budgets, 1).

    Args: `bits`: bits per fact, >= 0; `eps_fact`: nats, > 0; shapes broadcast. Raises: ValueError where one is
    not.
    """
    budget, of_facts = np.broadcast_arrays(nonnegative("bits", bits), positive("eps_fact", eps_fact))
    of_nonfacts = np.exp2(-budget) * loss_of_false_fact(of_facts)
    return LossFrontier(budget, of_facts, np.asarray(of_nonfacts), np.asarray(np.exp(-of_facts)))


def filter_frontier(bits: ArrayLike, fnr: ArrayLike = _RATES) -> FilterFrontier:
    """Return every pair of error rates that needs exactly `bits` per key; `lowest_fpr` beside its arguments.

    By data processing it also bounds every threshold on every score of a tester with `bits` per fact (Guo & Li
    2026, arXiv 2602.00906). To draw several budgets at once, give `bits` the shape (budgets, 1).

    Args: `bits`: bits per key, >= 0; `fnr`: rate (1, in [0, 1]); shapes broadcast.
    Raises: ValueError where an argument lies outside.
    """
    budget, missed = np.broadcast_arrays(nonnegative("bits", bits), probability("fnr", fnr))
    return FilterFrontier(budget, missed, lowest_fpr(budget, missed))
