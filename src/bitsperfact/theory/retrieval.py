"""What retrieval changes: facts are hit more often than non-facts, and the memory may or may not know."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.theory._checks import Array, inside, nonnegative
from bitsperfact.theory.channel import MOST_BITS, posterior_loss
from bitsperfact.theory.divergence import bernoulli_kl_bits

Flags = NDArray[np.bool_]
Known = Literal["at writing", "at query time"]


@dataclass(frozen=True)
class RetrievalOptimum:
    """The optimum with retrieval; each field has the budget's shape.

    `q`: share of non-facts hallucinated, `q_hit` and `q_miss` among those that retrieval hits and misses;
    `x_hit`, `x_miss`: confidence there (1). `loss_nats`: weighted mean log-loss (nats). `bits_saved`: log2(1 / q)
    less the budget (bits per fact): what this q would cost more without retrieval. `saturated`: whether one of the
    two strata gets no memory at all.
    """

    q: Array
    q_hit: Array
    q_miss: Array
    x_hit: Array
    x_miss: Array
    loss_nats: Array
    bits_saved: Array
    saturated: Flags


def retrieval_optimum(
    bits: ArrayLike,
    hit_fact: float,
    hit_nonfact: float,
    fact_weight: float = 0.5,
    *,
    known: Known = "at writing",
) -> RetrievalOptimum:
    """Least weighted log-loss that `bits` per fact buy where retrieval hits facts and non-facts at different
    rates.

    Derived here, with r, f = `hit_fact`, `hit_nonfact`, a = `fact_weight` and the channel of Guo & Li 2026 (arXiv
    2602.00906) in each stratum. The budget is b = r log2(1/q_hit) + (1-r) log2(1/q_miss).

    `known="at writing"`: memory is written knowing what retrieval will hit. The loss is convex in the bits of each
    stratum; equal slopes give q_hit = q r/f, q_miss = q (1-r)/(1-f) with q = 2^-(b + KL(Bern(r) || Bern(f))), so
    KL(Bern(r) || Bern(f)) bits are saved and x* = a / (a + (1-a) q) everywhere. Where q r/f >= 1 (or, if facts are
    hit less often, q (1-r)/(1-f) >= 1) that stratum saturates: it gets no bits, a constant answer, and the whole
    budget goes to the other.

    `known="at query time"` (plain retrieval-augmented generation): memory was written without it, so no bits are
    saved and q = q_hit = q_miss = 2^-b; only the scores are recalibrated, to the posterior in each stratum.

    Args: `bits`: any shape, bits per fact, in [0, 1022]; `hit_fact`, `hit_nonfact`, `fact_weight`: 1, in (0, 1).
    Raises: ValueError where an argument lies outside or `known` is neither of the two.
    """
    r, f = inside("hit_fact", hit_fact, 0.0, 1.0), inside("hit_nonfact", hit_nonfact, 0.0, 1.0)
    a = inside("fact_weight", fact_weight, 0.0, 1.0)
    budget = nonnegative("bits", bits)
    if (budget > MOST_BITS).any():
        raise ValueError(f"bits must be at most {MOST_BITS:g}, got {budget.max():g}")
    if known == "at writing":
        log2_hit, log2_miss, saturated = _written_for_retrieval(budget, r, f)
    elif known == "at query time":
        log2_hit, log2_miss, saturated = -budget, -budget, np.zeros(budget.shape, dtype=np.bool_)
    else:
        raise ValueError(f'known must be "at writing" or "at query time", got {known!r}')
    q_hit, q_miss = np.exp2(log2_hit), np.exp2(log2_miss)
    hit, miss = (a * r, (1 - a) * f * q_hit), (a * (1 - r), (1 - a) * (1 - f) * q_miss)
    q = f * q_hit + (1 - f) * q_miss
    return RetrievalOptimum(
        q=np.asarray(q),
        q_hit=np.asarray(q_hit),
        q_miss=np.asarray(q_miss),
        x_hit=np.asarray(hit[0] / (hit[0] + hit[1])),
        x_miss=np.asarray(miss[0] / (miss[0] + miss[1])),
        loss_nats=posterior_loss(*hit) + posterior_loss(*miss),
        bits_saved=np.asarray(-np.log2(q) - budget),
        saturated=saturated,
    )


def _written_for_retrieval(budget: Array, r: float, f: float) -> tuple[Array, Array, Flags]:
    """log2 of q_hit and of q_miss, and whether either reached its ceiling 0."""
    log2_q = -(budget + bernoulli_kl_bits(r, f))
    log2_hit, log2_miss = log2_q + np.log2(r / f), log2_q + np.log2((1 - r) / (1 - f))
    # Both cannot exceed 1: their mean under (r, 1-r) is minus the budget.
    hit_full, miss_full = log2_hit > 0, log2_miss > 0
    log2_hit = np.where(hit_full, 0.0, np.where(miss_full, -budget / r, log2_hit))
    log2_miss = np.where(miss_full, 0.0, np.where(hit_full, -budget / (1 - r), log2_miss))
    return log2_hit, log2_miss, np.asarray(hit_full | miss_full)
