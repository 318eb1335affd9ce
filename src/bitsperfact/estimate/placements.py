"""The AUC of two samples of clusters, with its sampling variance and an interval that holds for few claims."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Clusters up to which equal placements may be chance.
FEW = 25


@dataclass(frozen=True)
class Placed:
    """An AUC (1, in [0, 1]), its variance, and the clusters that the smaller class comes from (1, a count)."""

    auc: float
    variance: float
    clusters: int


def placed(scores: tuple[Array, Array], labels: tuple[Indices, Indices]) -> Placed:
    """Return the AUC of facts against non-facts, a tie counting half, and its variance by placements.

    The placement of a claim is the share of the other class that it beats; the variance is that of the means of
    placements over clusters (DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44; by clusters Obuchowski 1997,
    Biometrics 53), and each class's no smaller than that of even placements, A (1 - A) / 3 over its clusters,
    where these are few (`FEW`) and may have agreed by chance.
    """
    facts, nonfacts = np.sort(scores[0]), np.sort(scores[1])
    placements = _wins(scores[0], nonfacts), 1 - _wins(scores[1], facts)
    auc = float(placements[0].mean())
    variance, fewest = 0.0, facts.size + nonfacts.size
    for placement, label in zip(placements, labels, strict=True):
        totals = np.bincount(np.unique(label, return_inverse=True)[1], weights=placement - auc)
        m = totals.size
        own = m / max(1, m - 1) * float(totals @ totals) / label.size**2
        inner = (auc * m + 1) / (m + 2)
        variance += max(own, inner * (1 - inner) / (3 * m)) if m < FEW else own
        fewest = min(fewest, m)
    return Placed(auc, variance, fewest)


def _wins(scores: Array, ordered: Array) -> Array:
    below, upto = (np.searchsorted(ordered, scores, side=side) for side in ("left", "right"))
    return np.asarray(0.5 * (below + upto) / ordered.size)


def interval(parts: Sequence[tuple[float, Placed]], error: float) -> tuple[float, float, float]:
    """Weighted mean of independent AUCs, and its Wilson bounds at the number of claims that its variance is worth.

    A (1 - A) over the variance is the number of coin tosses that know the AUC as well (Kottas, Kuss, Zapf 2014,
    BMC Med. Res. Methodol. 14, weigh Wald intervals so); where all is won or lost it is the number of clusters.
    """
    weights = np.array([weight for weight, _ in parts])
    weights = weights / weights.sum()
    auc = float(weights @ [each.auc for _, each in parts])
    variance = float(weights**2 @ [each.variance for _, each in parts])
    clusters = sum(each.clusters for _, each in parts)
    tosses = auc * (1 - auc) / variance if variance > 0 and 0 < auc < 1 else float(clusters)
    z = float(t.ppf(1 - error, max(1, clusters - 1)))
    middle = (auc + z**2 / (2 * tosses)) / (1 + z**2 / tosses)
    reach = z / (1 + z**2 / tosses) * np.sqrt(auc * (1 - auc) / tosses + z**2 / (4 * tosses**2))
    return auc, max(0.0, min(auc, middle - reach)), min(1.0, max(auc, middle + reach))
