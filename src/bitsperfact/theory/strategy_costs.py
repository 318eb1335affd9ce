"""What strategies other than the optimum cost at the same memory."""

from dataclasses import dataclass

import numpy as np

from bitsperfact.theory._bisection import bisect
from bitsperfact.theory._checks import Array, inside
from bitsperfact.theory.channel import budget_optimum, effective_bits, posterior_loss
from bitsperfact.theory.filters import lowest_fpr
from bitsperfact.theory.information import membership_information
from bitsperfact.units import NATS_PER_BIT

#: log2 of the least share of facts missed that is told from none.
_LEAST_LOG2_SHARE = -1074.0


@dataclass(frozen=True)
class Strategy:
    """One row of the table.

    `loss_nats`: weighted mean log-loss (nats); `bits_effective`: what that loss is worth (bits per fact);
    `missed_rate`: share of facts that get no confident answer, `false_rate`: share of non-facts that get it (1, in
    [0, 1]).
    """

    name: str
    loss_nats: float
    bits_effective: float
    missed_rate: float
    false_rate: float


def strategies(
    bits: float, fact_weight: float = 0.5, *, forget: float = 0.1, share_of_facts: float = 1e-4
) -> list[Strategy]:
    """Return the loss and error rates of seven strategies that spend the same `bits` per fact; derived here.

    A tester says match or no match. At every rate pair the memory is that of Guo & Li 2026 (arXiv 2602.00906), and
    an answer scores its posterior, so that forgotten facts never score 0, which would cost an infinite log-loss.

    - `optimal`: no fact missed, a share q = 2^-bits of non-facts matches. See `budget_optimum`.
    - `forget at random`: a random share f of facts is not stored; the rest gets more bits, q' = 2^(-bits / (1-f)).
    - `forget what saves most`: the facts dearest to store; KL(Bern(1-f) || Bern(q')) = bits. At one q' it saves
      h(f) - f log2(1 / (1-q')) bits over forgetting at random.
    - `abstain when unsure`: the same memory, but 1/2 instead of the posterior wherever nothing matches.
    - `never hallucinate`: no non-fact matches, so facts must be missed; the recall 1-f solves
      (h(p) - (1-p(1-f)) h(pf / (1-p(1-f)))) / p = bits, about bits / log2(e / p). The only one that depends on p.
    - `half-confidence`: 1/2 on a match and 0 otherwise. It wastes nothing: it is the point eps_fact = ln 2 of the
      optimal frontier (`loss_frontier`). Its loss is higher here only because these weights call for another
      point.
    - `no memory`: the prior, on every claim.

    All but one are priced in the sparse limit, which presumes p << 2^-bits. Nearer to it, storing the whole list
    comes into reach, and `never hallucinate` may fall below `optimal`: a sign that the limit no longer holds.

    Each row is a frozen dataclass: `pandas.DataFrame(strategies(8))` is the table.

    Args: `bits`: bits per fact, in [0, 1022]. `fact_weight`: a, in (0, 1). `forget`: f, in (0, 1).
    `share_of_facts`: p, in (0, 1). Raises: ValueError where an argument lies outside.
    """
    inside("forget", forget, 0.0, 1.0)
    inside("share_of_facts", share_of_facts, 0.0, 1.0)
    optimum = budget_optimum(bits, fact_weight)
    q, a = float(optimum.q), fact_weight
    at_random = float(np.exp2(-bits / (1 - forget)))
    # A forgotten fact matches as often as a non-fact; that is left out until it is all that is left.
    unlucky = min(forget, 1 - at_random)
    chosen = float(lowest_fpr(bits, forget))
    confident = float(posterior_loss(a * (1 - forget), (1 - a) * chosen))
    unsure = a * forget + (1 - a) * (1 - chosen)
    missed = _missed_without_hallucination(bits, share_of_facts)
    rows = (
        ("optimal", float(optimum.loss_nats), 0.0, q),
        ("forget at random", _loss(unlucky, at_random, a), unlucky, at_random),
        ("forget what saves most", _loss(forget, chosen, a), forget, chosen),
        ("abstain when unsure", confident + unsure * NATS_PER_BIT, forget, chosen),
        ("never hallucinate", _loss(missed, 0.0, a), missed, 0.0),
        ("half-confidence", (a + (1 - a) * q) * NATS_PER_BIT, 0.0, q),
        ("no memory", float(posterior_loss(a, 1 - a)), 1.0, 0.0),
    )
    worth = effective_bits([loss_nats for _, loss_nats, _, _ in rows], a).tolist()
    return [
        Strategy(name, loss_nats, b, fnr, fpr) for (name, loss_nats, fnr, fpr), b in zip(rows, worth, strict=True)
    ]


def _loss(missed: float, false: float, a: float) -> float:
    """Weighted log-loss (nats) of a tester with these error rates whose two answers are their posteriors."""
    confident = posterior_loss(a * (1 - missed), (1 - a) * false)
    return float(confident + posterior_loss(a * missed, (1 - a) * (1 - false)))


def _missed_without_hallucination(bits: float, p: float) -> float:
    """Share f of facts that a tester without false positives must miss; 0 if `bits` suffice for the whole list."""

    def beyond_budget(log2_missed: Array) -> Array:
        missed = np.exp2(log2_missed)
        return bits - membership_information(np.stack([1 - missed, missed], axis=-1), [0.0, 1.0], p)

    if beyond_budget(np.full((), -np.inf)) >= 0:
        return 0.0
    return float(np.exp2(bisect(beyond_budget, np.full((), _LEAST_LOG2_SHARE), np.zeros(()))))
