"""The capacity law: how many bits parameters hold, and so how many parameters a hallucination rate needs.

q = 2^(-c P / n) with P trainable parameters, n facts and c bits per parameter: log2 q falls linearly in P / n.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bitsperfact.theory._checks import Array, count, inside, positive
from bitsperfact.theory.channel import MOST_BITS, Optimum, budget_optimum


@dataclass(frozen=True)
class Constant:
    """A measured capacity: `bits_per_parameter` (bits), how it was measured, where it is from."""

    bits_per_parameter: float
    measured: str
    source: str
    published: bool


#: Capacities that are known, published ones first. They differ by what is counted and by how long was trained.
CONSTANTS = (
    Constant(
        2.0, "knowledge tuples, 1000 exposures each", "Allen-Zhu & Li 2024, arXiv 2404.05405", published=True
    ),
    Constant(3.6, "uniform random tokens, plateau", "Morris et al. 2025, arXiv 2505.24832", published=True),
    Constant(
        2.76, "membership, MLPs, by the hallucination rate", "seen here, docs/ladder-law.md", published=False
    ),
    Constant(2.36, "membership, MLPs, by effective bits", "seen here, docs/ladder-law.md", published=False),
    Constant(
        1.86, "membership, transformers short of their plateau", "seen here, docs/ladder-law.md", published=False
    ),
)


def published_constants() -> tuple[Constant, ...]:
    """Return the published capacities, lowest first."""
    return tuple(sorted((c for c in CONSTANTS if c.published), key=lambda c: c.bits_per_parameter))


def capacity_law(
    parameters: ArrayLike, facts: ArrayLike, bits_per_parameter: float = 2.0, fact_weight: float = 0.5
) -> Optimum:
    """Return hallucination rate, confidence and loss of a network of P = `parameters`, n = `facts`: 2^(-c P / n).

    The optimum of Guo & Li 2026 (arXiv 2602.00906) at the budget c P / n, with c = `bits_per_parameter` as
    measured by Allen-Zhu & Li (arXiv 2404.05405: about 2) or Morris et al. (arXiv 2505.24832: about 3.6), see
    `CONSTANTS`. Useful for P / n in [1, 6]; beyond, q is too small to be seen.

    Args: `parameters`: P, `facts`: n, > 0; shapes broadcast. `bits_per_parameter`: bits, > 0. `fact_weight`: a.
    Returns: see `Optimum`; budgets above 1022 bits are cut there, where q leaves float64.
    Raises: ValueError where an argument lies outside.
    """
    c = inside("bits_per_parameter", bits_per_parameter, 0.0, math.inf)
    with np.errstate(over="ignore"):
        budget = c * positive("parameters", parameters) / positive("facts", facts)
    return budget_optimum(np.minimum(budget, MOST_BITS), fact_weight)


def parameters_needed(q: ArrayLike, facts: ArrayLike, bits_per_parameter: float = 2.0) -> Array:
    """Return the parameters for a hallucination rate q on `facts` facts: n log2(1/q) / c, the law's inverse.

    Args: `q`: 1, in (0, 1]; `facts`: > 0; shapes broadcast. `bits_per_parameter`: c, bits, > 0.
    Returns: parameters (1, not rounded). Raises: ValueError where an argument lies outside.
    """
    c = inside("bits_per_parameter", bits_per_parameter, 0.0, math.inf)
    rate = positive("q", q)
    if (rate > 1).any():
        raise ValueError(f"q must lie in (0, 1], got {rate.max():g}")
    return np.asarray((-np.log2(rate) + 0.0) * positive("facts", facts) / c)


def lora_rank_needed(q: float, facts: float, parameters_per_rank: float, bits_per_parameter: float = 2.0) -> int:
    """Return the least LoRA rank whose adapters hold `facts` at a hallucination rate q.

    A rank r adds r (in + out) parameters to each adapted matrix (Hu et al. 2021, arXiv 2106.09685), so r times
    `parameters_per_rank`, the sum of in + out over them; the law then asks for n log2(1/q) / c of these.

    Args: as for `parameters_needed`, single numbers. Returns: rank, >= 1. Raises: ValueError where one lies
    outside.
    """
    needed = parameters_needed(q, facts, bits_per_parameter)
    # A hair of slack: rounding must not ask for one rank more than an exact division would.
    return max(1, math.ceil(float(needed) / count("parameters_per_rank", parameters_per_rank) * (1 - 1e-12)))
