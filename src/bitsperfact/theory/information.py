"""Membership information F_p: bits per fact when facts are not infinitely rare."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import kl_div

from bitsperfact.theory._checks import Array, distributions
from bitsperfact.units import nats_to_bits


def membership_information(mu_fact: ArrayLike, mu_nonfact: ArrayLike, p: float) -> Array:
    """Information that a score carries about membership, per fact: F_p = I(X; Xhat) / p with X ~ Bern(p).

    With m = p mu_fact + (1 - p) mu_nonfact, F_p = KL(mu_fact || m) + ((1 - p) / p) KL(mu_nonfact || m); it falls
    in p and tends to KL(mu_fact || mu_nonfact) as p -> 0 (Guo & Li 2026, arXiv 2602.00906).

    Args: `mu_fact`, `mu_nonfact`: shape (..., outcomes), distributions along the last axis. `p`: share of facts in
    the universe, in [0, 1); 0 gives the limit.
    Returns: shape (...), bits per fact, in [0, h(p)/p] (at p = 0: [0, inf]).
    Raises: ValueError where an argument is no distribution or p lies outside [0, 1).
    """
    facts, nonfacts = distributions("mu_fact", mu_fact, "mu_nonfact", mu_nonfact)
    if not 0 <= p < 1:
        raise ValueError(f"p must lie in [0, 1), got {p:g}")
    if p == 0:
        return nats_to_bits(np.asarray(kl_div(facts, nonfacts).sum(axis=-1)))
    mixture = p * facts + (1 - p) * nonfacts
    of_facts = kl_div(facts, mixture)
    of_nonfacts = (1 - p) * _excess(facts, nonfacts, p)
    return nats_to_bits(np.asarray((of_facts + of_nonfacts).sum(axis=-1)))


def _excess(facts: Array, nonfacts: Array, p: float) -> Array:
    """Terms of KL(mu_nonfact || m) / p, precise also where p is so small that m rounds to mu_nonfact."""
    facts, nonfacts = np.broadcast_arrays(facts, nonfacts)
    change = p * (facts - nonfacts)
    t = change / np.where(nonfacts > 0, nonfacts, 1.0)
    small = np.abs(t) < 1e-3
    series = t * t * (1 / 2 - t * (1 / 3 - t * (1 / 4 - t * (1 / 5 - t / 6))))
    exact = t - np.log1p(np.where(small, 0.0, t))
    # An outcome that non-facts never show adds its mass in m: what kl_div(0, m) is.
    terms = np.where(nonfacts > 0, nonfacts * np.where(small, series, exact), change)
    return np.asarray(terms / p)
