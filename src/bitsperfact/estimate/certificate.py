"""A lower bound on bits per fact that holds without assumptions on the score distributions."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from bitsperfact.estimate.clusters import Clusters, effective_count
from bitsperfact.theory import bernoulli_kl_bits

Array = NDArray[np.float64]

#: Thresholds that the certificate chooses among.
MOST_CANDIDATES = 1000


def share_bounds(count: float | Array, n: float, error: float) -> tuple[Array, Array]:
    """Clopper-Pearson bounds of a binomial share, each exceeded with probability at most `error`.

    Args: `count`: shape (...), successes among `n` (need not be whole). Returns: lower and upper bounds, 1, in [0,
    1].
    """
    k = np.asarray(count, dtype=np.float64)
    low = np.where(k > 0, beta.ppf(error, np.maximum(k, 1e-9), n - k + 1), 0.0)
    high = np.where(k < n, beta.ppf(1 - error, k + 1, np.maximum(n - k, 1e-9)), 1.0)
    return low, high


def certified_bits(
    facts: Array, nonfacts: Array, of_facts: Clusters, of_nonfacts: Clusters, seed: int, confidence: float
) -> float:
    """Bits per fact that the scores have with at least this confidence, 0 where none can be certified.

    A threshold is chosen on one half of the clusters. On the other half its recall has the Clopper-Pearson lower
    bound r and its false-positive rate the upper bound f, each at half the error; a threshold is a function of the
    score, so by data processing the divergence is at least KL(Bern(r) || Bern(f)) (derived here). With clusters
    the counts are divided by the design effect, which makes the bound approximate.
    """
    rng = np.random.default_rng(seed)
    choose_fact, choose_nonfact = _half(of_facts, rng), _half(of_nonfacts, rng)
    if min(choose_fact.sum(), (~choose_fact).sum(), choose_nonfact.sum(), (~choose_nonfact).sum()) == 0:
        return 0.0
    error = (1 - confidence) / 2
    threshold = _best_threshold(facts[choose_fact], nonfacts[choose_nonfact], error)
    recall, _ = _bounds(facts >= threshold, of_facts, ~choose_fact, error)
    _, accepted = _bounds(nonfacts >= threshold, of_nonfacts, ~choose_nonfact, error)
    return float(bernoulli_kl_bits(recall, accepted)) if recall > accepted else 0.0


def _half(of: Clusters, rng: np.random.Generator) -> NDArray[np.bool_]:
    in_half = np.zeros(of.n, dtype=np.bool_)
    in_half[rng.permutation(of.n)[: of.n // 2]] = True
    return np.asarray(in_half[of.label])


def _best_threshold(facts: Array, nonfacts: Array, error: float) -> float:
    candidates = _candidates(np.sort(facts))
    recall, _ = share_bounds(_at_least(facts, candidates), facts.size, error)
    _, accepted = share_bounds(_at_least(nonfacts, candidates), nonfacts.size, error)
    bits = np.where(recall > accepted, bernoulli_kl_bits(recall, accepted), 0.0)
    return float(candidates[bits.argmax()])


def _candidates(ordered: Array) -> Array:
    """Every distinct score, or those at `MOST_CANDIDATES` ranks: half of them evenly, half denser to the top."""
    if ordered.size > MOST_CANDIDATES:
        from_top = np.geomspace(1, ordered.size, MOST_CANDIDATES // 2)
        ranks = np.concatenate([np.linspace(1, ordered.size, MOST_CANDIDATES // 2), from_top])
        ordered = ordered[ordered.size - ranks.astype(np.intp)]
    return np.unique(ordered)


def _at_least(scores: Array, thresholds: Array) -> Array:
    return np.asarray(scores.size - np.searchsorted(np.sort(scores), thresholds), dtype=np.float64)


def _bounds(
    accepted: NDArray[np.bool_], of: Clusters, chosen: NDArray[np.bool_], error: float
) -> tuple[float, float]:
    held = accepted[chosen]
    if of.are_single_claims:
        n = float(held.size)
    else:
        labels, label = np.unique(of.label[chosen], return_inverse=True)
        n = effective_count(held, Clusters(label, labels.size))
    low, high = share_bounds(float(held.mean()) * n, n, error)
    return float(low), float(high)
