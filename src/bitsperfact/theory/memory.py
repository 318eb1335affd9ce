"""Least memory of a tester of a finite set, and whether the set is sparse enough for the plain divergence."""

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike
from scipy.special import gammaln

from bitsperfact.theory._checks import Array, inside
from bitsperfact.theory.divergence import kl_bits
from bitsperfact.theory.information import membership_information
from bitsperfact.units import nats_to_bits

#: From here on two terms of Stirling's series are exact in float64.
_LARGE = 1000.0


@dataclass(frozen=True)
class MemoryBound:
    """Lower bounds on the memory of a tester, in bits (>= 0): `bits` is the tighter, `simple_bits` needs no u."""

    bits: float
    simple_bits: float


@dataclass(frozen=True)
class Sparsity:
    """Whether KL may stand for F_p.

    `p`: share of facts (1). `divergence_bits`: KL, the limit p -> 0. `membership_bits`: F_p. `is_sparse`: whether
    they agree within the tolerance.
    """

    p: float
    divergence_bits: float
    membership_bits: float
    is_sparse: bool


def memory_lower_bound(n: int, u: int, mu_fact: ArrayLike, mu_nonfact: ArrayLike) -> MemoryBound:
    """Return the memory without which no tester of n facts among u claims has these score distributions.

    Simple: B >= n F_p - log2(8 n) / 2 (Guo & Li 2026, arXiv 2602.00906, the non-asymptotic bound). Tighter
    (derived here): B >= n F_p - [u h(p) - log2 C(u, n)]. With the set uniform among all of size n, the u
    memberships have the joint entropy log2 C(u, n) and each the entropy h(p); given the memory their entropies add
    up to at least the joint one, and on average each falls by p F_p. The bracket is what the sum of the entropies
    exceeds the joint by.

    Args: 0 < n < u, counts; `mu_fact`, `mu_nonfact`: shape (outcomes,), distributions.
    Returns: bits in total, not per fact. Raises: ValueError where an argument does not fit this.
    """
    _check_counts(n, u)
    information = n * _single(membership_information(mu_fact, mu_nonfact, n / u))
    simple = information - 0.5 * math.log2(8 * n)
    return MemoryBound(bits=max(0.0, information - excess_entropy_bits(n, u)), simple_bits=max(0.0, simple))


def excess_entropy_bits(n: int, u: int) -> float:
    """Return u h(n/u) - log2 C(u, n): what u independent memberships have in entropy over a set of exactly n.

    Returns: bits, in (0, log2(8 n) / 2). The terms of order u cancel in Stirling's formula, not in floating point.
    """
    _check_counts(n, u)
    gaussian = 0.5 * (math.log(2 * math.pi) + math.log(n) + math.log1p(-n / u))
    return nats_to_bits(gaussian + _stirling_rest(n) + _stirling_rest(u - n) - _stirling_rest(u))


def sparsity_check(n: int, u: int, mu_fact: ArrayLike, mu_nonfact: ArrayLike, tolerance: float = 0.02) -> Sparsity:
    """Check that n facts among u claims are rare enough for KL to stand for F_p, the bits per fact at p = n / u.

    Sparse means F_p >= (1 - tolerance) KL (F_p: Guo & Li 2026, arXiv 2602.00906). Scores that mean nothing (KL =
    0) are sparse at any p.

    Args: 0 < n < u, counts; `mu_fact`, `mu_nonfact`: shape (outcomes,), distributions; `tolerance`: 1, in (0, 1).
    Raises: ValueError where an argument does not fit this.
    """
    _check_counts(n, u)
    inside("tolerance", tolerance, 0.0, 1.0)
    divergence = _single(kl_bits(mu_fact, mu_nonfact))
    information = _single(membership_information(mu_fact, mu_nonfact, n / u))
    return Sparsity(n / u, divergence, information, information >= (1 - tolerance) * divergence)


def _check_counts(n: float, u: float) -> None:
    if not 0 < n < u < math.inf:
        raise ValueError(f"n must lie strictly between 0 and u = {u}, got {n}")


def _single(bits: Array) -> float:
    if bits.ndim:
        raise ValueError(f"mu_fact and mu_nonfact must be one distribution each, got {bits.shape} of them")
    return float(bits)


def _stirling_rest(k: int) -> float:
    """ln k! less k ln k - k + ln(2 pi k) / 2, nats."""
    if k > _LARGE:
        return 1 / (12 * k) - 1 / (360 * float(k) ** 3)
    return float(gammaln(k + 1)) - (k * math.log(k) - k + 0.5 * math.log(2 * math.pi * k))
