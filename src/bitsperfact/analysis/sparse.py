"""How far facts are from infinitely rare: F_p beside the KL divergence, from binned scores."""

from bitsperfact.estimate import Pool, binned_bits
from bitsperfact.theory import kl_bits, membership_information

#: Added to each bin's non-facts (Krichevsky & Trofimov), so that a bin without any does not make KL infinite.
_PSEUDO_COUNT = 0.5


def sparsity_ratio(pool: Pool, p: float) -> float:
    """Return F_p / KL of the binned scores (1, in (0, 1]) at a share p of facts in the universe.

    Both are taken from the same bins, so that most of their bias cancels. Scores that separate nothing have the
    limit 1 - p: with mu_fact = mu_nonfact + d, both are quadratic in d to leading order, KL = chi2/2 and
    F_p = ((1-p)^2 + p(1-p)) chi2/2 (derived here from F_p of Guo & Li 2026, arXiv 2602.00906).
    """
    k, l = pool.binned()  # noqa: E741
    facts, nonfacts = k / k.sum(), (l + _PSEUDO_COUNT) / (l + _PSEUDO_COUNT).sum()
    divergence = float(kl_bits(facts, nonfacts))
    return float(membership_information(facts, nonfacts, p)) / divergence if divergence > 1e-12 else 1 - p


def membership_bits(pool: Pool, p: float) -> float:
    """Return F_p in bits per fact: the divergence without small-sample bias, times `sparsity_ratio`.

    Unclipped like `binned_bits`: an estimate near 0 may fall below it.
    """
    return binned_bits(pool) * sparsity_ratio(pool, p)
