"""Membership information F_p: bits per fact when facts are not infinitely rare."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import kl_div, rel_entr, xlog1py, xlogy

from bitsperfact.theory._checks import Array, distributions, inside_unit, probability
from bitsperfact.theory.divergence import chi2
from bitsperfact.units import nats_to_bits


def membership_information(mu_fact: ArrayLike, mu_nonfact: ArrayLike, p: ArrayLike) -> Array:
    """Return information that a score carries about membership, per fact: F_p = I(X; Xhat) / p with X ~ Bern(p).

    With m = p mu_fact + (1 - p) mu_nonfact, F_p = KL(mu_fact || m) + ((1 - p) / p) KL(mu_nonfact || m); it falls
    in p and tends to KL(mu_fact || mu_nonfact) as p -> 0 (Guo & Li 2026, arXiv 2602.00906).

    Args: `mu_fact`, `mu_nonfact`: shape (..., outcomes), distributions along the last axis. `p`: share of facts in
    the universe, in [0, 1), shape (...); 0 gives the limit. Leading axes and `p` broadcast.
    Returns: shape (...), bits per fact, in [0, h(p)/p] (at p = 0: [0, inf]).
    Raises: ValueError where an argument is no distribution or p lies outside [0, 1).
    """
    facts, nonfacts = distributions("mu_fact", mu_fact, "mu_nonfact", mu_nonfact)
    share = inside_unit("p", p)[..., np.newaxis]
    mixture = share * facts + (1 - share) * nonfacts
    of_facts = kl_div(facts, mixture)
    of_nonfacts = (1 - share) * _excess(facts, nonfacts, share)
    return nats_to_bits(np.asarray((of_facts + of_nonfacts).sum(axis=-1)))


def membership_information_slope(mu_fact: ArrayLike, mu_nonfact: ArrayLike, p: ArrayLike) -> Array:
    """Return the slope of `membership_information` in the share of facts: dF_p/dp = -KL(mu_nonfact || m) / p^2.

    With m = p mu_fact + (1 - p) mu_nonfact (Guo & Li 2026, arXiv 2602.00906, Lemma 3.5). As p -> 0 it tends to
    -chi2(mu_fact || mu_nonfact) / 2 nats, the first-order price of a set that is not sparse (derived here: m
    differs from mu_nonfact by p (mu_fact - mu_nonfact), and KL is half of chi2 to the second order).

    Args and errors as for `membership_information`.
    Returns: shape (...), bits per fact and unit of p, in [-inf, 0].
    """
    facts, nonfacts = distributions("mu_fact", mu_fact, "mu_nonfact", mu_nonfact)
    share = inside_unit("p", p)
    fall = _excess(facts, nonfacts, share[..., np.newaxis]).sum(axis=-1) / np.where(share > 0, share, 1.0)
    return nats_to_bits(-np.asarray(np.where(share > 0, fall, chi2(facts, nonfacts) / 2)))


def channel_information(q: ArrayLike, p: ArrayLike) -> Array:
    """Return F_p of the hallucination channel, in closed form: what a share q of hallucinations costs at finite p.

    F_p = (h(p) - m h(p / m)) / p with m = p + (1 - p) q, the share of claims that get the score x* (derived here:
    I = H(X) - H(X | Xhat); the score 0 is certain to be a non-fact, and x* leaves the entropy h(p / m)).

    Args: `q`: share of non-facts hallucinated, in [0, 1]; `p`: share of facts, in [0, 1); shapes broadcast.
    Returns: bits per fact, in [0, h(p)/p]; log2(1 / q) at p = 0. Raises: ValueError where one lies outside.
    """
    hallucinated, share = np.broadcast_arrays(probability("q", q), inside_unit("p", p))
    accepted = share + (1 - share) * hallucinated
    some = np.where(accepted > 0, accepted, 1.0)
    # What is hallucinated, times the log of its share of what is accepted: near 1 or near 0, without cancellation.
    surprise = np.where(
        share < 0.5 * some,
        xlog1py(hallucinated, -np.minimum(share / some, 0.5)),
        xlogy(hallucinated, (1 - share) * hallucinated / some),
    )
    with np.errstate(divide="ignore"):
        odds = (1 - share) / np.where(share > 0, share, 1.0)
        exact = odds * (surprise - np.log1p(-share)) - np.log(accepted)
        return nats_to_bits(np.asarray(np.where(share > 0, np.maximum(exact, 0.0), -np.log(hallucinated))))


def channel_is_optimal(x_star: ArrayLike, q_star: ArrayLike, p: ArrayLike) -> Array:
    """Return whether the hallucination channel is still the cheapest under log-loss at a share p of facts.

    Exactly where x* >= p / (p + (1 - p) q*): where it is at least as confident as the posterior. Derived here:
    with slopes s for the loss of facts and b for that of non-facts, a channel is optimal iff

        c(x) = (1-x)^b + (p/m) (x/x*)^s <= 1 for all x,    m = p + (1 - p) q*,

    (Blahut's condition; c = 1 on the two scores in use fixes the constants and (1-x*)^b = (1 - p) q* / m). The
    slope of c vanishes at x*, which fixes s. If b <= 1, c falls from c(0) = 1, and having at most one convex
    stretch cannot exceed 1 before its local maximum at x*, nor after it. If b > 1, c is convex (s >= 1) with its
    minimum 1 at x*, or rises steeply at 0 (s < 1). And b <= 1 iff 1 - x* <= (1 - p) q* / m.

    Args: `x_star`, `q_star`: 1, in [0, 1]; `p`: 1, in [0, 1); shapes broadcast. Returns: booleans.
    Raises: ValueError where an argument lies outside.
    """
    confidence, hallucinated = probability("x_star", x_star), probability("q_star", q_star)
    share = inside_unit("p", p)
    return np.asarray(confidence * (share + (1 - share) * hallucinated) >= share)


def _excess(
    facts: Float[Array, "*#leading outcomes"],
    nonfacts: Float[Array, "*#leading outcomes"],
    p: Float[Array, "*#leading 1"],
) -> Float[Array, "... outcomes"]:
    """Terms of KL(mu_nonfact || m) / p, precise also where p is so small that m rounds to mu_nonfact."""
    facts, nonfacts, p = np.broadcast_arrays(facts, nonfacts, p)
    difference = facts - nonfacts
    with np.errstate(over="ignore"):
        t = np.where(nonfacts > 0, p * difference / np.where(nonfacts > 0, nonfacts, 1.0), np.inf)
    small, large = np.abs(t) < 1e-3, t > 1
    s, m = np.where(small, t, 0.0), np.where(small | large, 0.0, t)
    positive = np.where(p > 0, p, 1.0)
    series = difference * s * (1 / 2 - s * (1 / 3 - s * (1 / 4 - s * (1 / 5 - s / 6))))
    moderate = nonfacts * (m - np.log1p(m)) / positive
    # Also right for an outcome that non-facts never, or hardly ever, show: there t overflows.
    far = difference + rel_entr(nonfacts, p * facts + (1 - p) * nonfacts) / positive
    return np.asarray(np.where(small, series, np.where(large, far, moderate)))
