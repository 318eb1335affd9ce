"""The hallucination rate at a fixed recall, with the noise of its threshold in the interval."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.constants import CONFIDENCE, RECALL
from bitsperfact.estimate.clusters import Clusters
from bitsperfact.estimate.ranking import hallucination_rate
from bitsperfact.estimate.shares import ClusteredShare

Array = NDArray[np.float64]


def hallucination_interval(
    facts: Array,
    nonfacts: Array,
    of_facts: Clusters,
    of_nonfacts: Clusters,
    recall: float = RECALL,
    confidence: float = CONFIDENCE,
) -> tuple[float, float, float]:
    """Return the share of non-facts at or above the highest threshold that at least `recall` of all facts reach.

    That threshold t is the law's, not the sample's: the facts say that it is at least T, up to an error, and at
    most T'. So the share is at most the upper bound of what is accepted at T, and at least the lower bound of what
    is accepted at T', each at the same error (as in `certified_bits`, which also says why facts and non-facts may
    depend on each other). For independent facts T and T' are order statistics. The four errors, a quarter of
    1 - `confidence` each, add up: the interval covers at least as often as it says, for clusters of any kind
    (`ClusteredShare`). Where the facts are too few to exclude that the threshold is below all of them (86 at
    recall and confidence .95 are not), the upper end is 1.

    Args: `facts` (n,), `nonfacts` (N,): finite scores. `recall`, `confidence`: 1, in (0, 1).
    Returns: value, lower and upper end, 1, in [0, 1]; the value is `hallucination_rate`.
    Raises: ValueError where `recall` or `confidence` lies outside.
    """
    for name, share in (("recall", recall), ("confidence", confidence)):
        if not 0 < share < 1:
            raise ValueError(f"{name} must lie strictly between 0 and 1, got {share:g}")
    error = (1 - confidence) / 4
    value = hallucination_rate(facts, nonfacts, recall=recall)
    accepted = ClusteredShare.weighing(of_nonfacts, error)
    of = ClusteredShare.weighing(of_facts, error)
    lowest, highest = _at_least(facts, of, 1 - recall, error), -_at_least(-facts, of, recall, error)
    marked = [accepted.count(nonfacts >= lowest), accepted.count(nonfacts < highest)]
    most, most_refused = accepted.upper(marked, np.full(2, error)).tolist()
    return value, min(value, 1 - most_refused), max(value, most)


def _at_least(facts: Array, of: ClusteredShare, missed: float, error: float) -> float:
    """Bound every score that a share `missed` of facts or less is below; too high with probability `error`.

    The highest fact's score at which a share of `missed` or more below it is excluded, -inf where it nowhere is.
    """
    ordered = np.sort(facts)
    low, high = -1, ordered.size - 1
    while low < high:
        middle = (low + high + 1) // 2
        below = of.upper([of.count(facts < ordered[middle])], np.array([error]))
        low, high = (middle, high) if below[0] <= missed else (low, middle - 1)
    return float(ordered[low]) if low >= 0 else -np.inf
