"""Bits per fact from samples: the divergence of binned scores, without its small-sample bias."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from bitsperfact.estimate.pool import Pool, Statistic
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]


def digamma_kl_bits(facts: Array, nonfacts: Array, chosen: NDArray[np.bool_] | None = None) -> Array:
    """Return the KL divergence of two samples in the same bins, nearly free of bias.

    sum_j (k_j / n) [psi(k_j) - psi(n) - psi(l_j + 1) + psi(N + 1)]. Derived here: for a Poisson count k of mean m,
    E[k f(k)] = m E[f(k + 1)] and E[psi(k + 1)] = ln m + E_1(m), so that both logarithms are estimated up to an
    error that vanishes exponentially in the expected counts. Where a bin's lower edge is a non-fact chosen by its
    rank, l_j is no Poisson count: the mass Q between two non-facts l ranks apart is Beta(l, N + 1 - l), with E[ln
    Q] = psi(l) - psi(N + 1) and Cov(P, ln Q) = r / N for the mass P of facts between them, where r is the ratio of
    the densities at the edge. So psi(l_j) takes the place of psi(l_j + 1), and r_j / N is subtracted, with r_j the
    mean of the ratios on either side: for a constant ratio nothing changes, for a step it does.

    Args: `facts`, `nonfacts`: shape (..., bins), counts. `chosen`: shape (bins,), such bins (default: none).
    Returns: bits, shape (...), any sign (an estimate near 0 may fall below it).
    """
    free = nonfacts + 1 if chosen is None else np.maximum(nonfacts + ~chosen, 1)
    n, N = (counts.sum(axis=-1, keepdims=True) for counts in (facts, nonfacts))
    # A bin without facts counts for nothing, whatever its digamma.
    terms = facts * (digamma(np.maximum(facts, 0.5)) - digamma(n) - digamma(free) + digamma(N + 1))
    nats = terms.sum(axis=-1)
    if chosen is not None:
        nats = nats - _edge_ratios(facts, nonfacts)[..., chosen].sum(axis=-1)
    return np.asarray(nats_to_bits(nats / n[..., 0]))


def _edge_ratios(facts: Array, nonfacts: Array) -> Array:
    """Facts per non-fact at each bin's lower edge, the mean of both sides; the lowest bin has no edge below it."""
    ratio = facts / np.maximum(nonfacts, 1)
    below = np.concatenate([np.zeros_like(ratio[..., :1]), ratio[..., :-1]], axis=-1)
    return np.asarray(0.5 * (ratio + below))


def _binned_bits(pool: Pool) -> float:
    """Divergence of the scores of facts from those of non-facts; the headline estimate before clipping.

    Binned as in `bin_starts`, corrected as in `digamma_kl_bits`; unclipped, so that differences of two such
    numbers are not biased. Low where the sample is too small to resolve it (see `bits_per_fact`).

    Args: a `Pool`, or scores `facts` (n,) and `nonfacts` (N,). Returns: bits, any sign.
    Raises: ValueError where a sample is empty or not finite.
    """
    return float(digamma_kl_bits(*pool.binned(), pool.chosen))


binned_bits = Statistic(_binned_bits)
