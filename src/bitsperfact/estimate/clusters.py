"""Clusters of claims that share an entity: drawn together, left out together, counted for what they are worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
#: Cluster labels of facts and of non-facts.
Groups = tuple[ArrayLike, ArrayLike]
#: Clusters with an accepted claim, and with a rejected one, from which on a design effect is an estimate.
FEWEST_MIXED = 10


@dataclass(frozen=True)
class Clusters:
    """`label`: shape (claims,), the cluster of each claim as 0 ... `n` - 1."""

    label: Indices
    n: int

    @property
    def are_single_claims(self) -> bool:
        """Whether no two claims share a cluster."""
        return self.n == self.label.size


def clusters(name: str, labels: ArrayLike | None, n_claims: int) -> Clusters:
    """Give clusters their numbers; every claim is its own where `labels` is None. ValueError if one is missing."""
    if labels is None:
        return Clusters(np.arange(n_claims), n_claims)
    values = np.asarray(labels)
    if values.shape != (n_claims,):
        raise ValueError(
            f"groups of {name} must have one label per claim, shape ({n_claims},), got {values.shape}"
        )
    distinct, label = np.unique(values, return_inverse=True)
    return Clusters(label, distinct.size)


def clusters_of(groups: Groups | None, n_facts: int, n_nonfacts: int) -> tuple[Clusters, Clusters]:
    """Return clusters of facts and of non-facts; ValueError where `groups` is no pair of labels, one per claim."""
    if groups is None:
        return clusters("facts", None, n_facts), clusters("nonfacts", None, n_nonfacts)
    given: object = groups
    if not isinstance(given, tuple | list) or len(given) != 2:
        got = f"{len(given)} of them" if isinstance(given, tuple | list) else f"a {type(given).__name__}"
        raise ValueError(f"groups must be a pair, the labels of facts and those of nonfacts, got {got}")
    facts, nonfacts = (np.asarray(labels) for labels in groups)
    return clusters("facts", facts, n_facts), clusters("nonfacts", nonfacts, n_nonfacts)


def effective_count(accepted: NDArray[np.bool_], of: Clusters) -> float:
    """Return the number of independent claims that the share of `accepted` is worth, at most their number.

    n / max(1, D), with D the design effect: the variance of the share between clusters (linearised ratio estimate)
    over p (1 - p) / n, as in Korn & Graubard 1998. Where fewer than `FEWEST_MIXED` clusters hold an accepted
    claim, or as few a rejected one, D is hardly known, and not at all where there is none: clusters that are
    accepted together look the same as claims that are not. Then it is no less than that of clusters which are
    alike inside, sum of n_j^2 / n with n_j their sizes (Kish 1965).
    """
    n, share = accepted.size, float(accepted.mean())
    if of.are_single_claims:
        return float(n)
    sizes = np.bincount(of.label, minlength=of.n).astype(np.float64)
    held = np.bincount(of.label, weights=accepted, minlength=of.n)
    effect = 1.0
    if min(np.count_nonzero(held), np.count_nonzero(sizes - held)) < FEWEST_MIXED:
        effect = float(sizes @ sizes) / n
    if of.n > 1 and 0 < share < 1:
        residual = held - share * sizes
        variance = of.n / (of.n - 1) * float(residual @ residual) / n**2
        effect = max(effect, variance * n / (share * (1 - share)))
    return n / max(1.0, effect)
