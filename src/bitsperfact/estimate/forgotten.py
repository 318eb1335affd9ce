"""The share of facts that look like non-facts, bounded on both sides."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.clusters import Clusters
from bitsperfact.estimate.worth import bounds

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Cells of even shares of the non-facts; and the least share of a set of cells that counts, where ties are heavy.
CELLS, LEAST_SHARE = 4, 1 / 8
#: Part of an error that is spent on the non-facts, which are many.
_OF_NONFACTS = 0.2


def forgotten_share(
    scores: tuple[Array, Array], of: tuple[Clusters, Clusters], rng: np.random.Generator, error: float
) -> tuple[float, float, float]:
    """Bound the share of facts that look exactly like non-facts: estimate, lower, upper bound, 1, in [0, 1].

    inf dmu_K/dmu_N, the proportion of a mixture, has only upper bounds without assumptions, the least ratio over
    sets (Blanchard, Lee, Scott 2010, "Semi-supervised novelty detection", JMLR 11). What is bounded on both sides
    here (derived here) is the least ratio over quarters of the non-facts, which is no smaller, equals it where
    facts are forgotten outright, and is 0 at the channel. Its lower bound is the least of the quarters' lower
    bounds, each at the full error, for the true least is one of them; its upper bound the least of the upper, the
    error being shared. The estimate picks quarters on one half of the clusters and takes their ratio on the other.
    """
    edges = _edges(np.sort(scores[1]))
    cells = tuple(np.searchsorted(edges, values, side="right") for values in scores)
    sets = _sets(cells[1], edges.size + 1)
    lower, upper = 1.0, 1.0
    for chosen in sets:
        held = tuple(np.isin(cell, chosen) for cell in cells)
        if chosen.size == 1:
            lower = min(lower, _ratio_bounds(held, of, error)[0])
        upper = min(upper, _ratio_bounds(held, of, error / len(sets))[1])
    estimate = _cross_fitted(cells, sets, of, rng)
    return float(np.clip(estimate, lower, max(lower, upper))), lower, max(lower, upper)


def _edges(nonfacts: Array) -> Array:
    """Scores at which cells start: even ranks of the non-facts, and both sides of a tie too heavy for a cell."""
    even = nonfacts[(np.arange(1, CELLS) * nonfacts.size) // CELLS]
    values, counts = np.unique(nonfacts, return_counts=True)
    heavy = values[(counts > 1) & (counts >= nonfacts.size * LEAST_SHARE)]
    return np.unique(np.concatenate([even, heavy, np.nextafter(heavy, np.inf)]))


def _sets(cell: Indices, n_cells: int) -> list[Indices]:
    """Every cell, and every set of neighbours from the lowest up, that holds enough of the non-facts."""
    share = np.bincount(cell, minlength=n_cells) / cell.size
    single = [np.array([j]) for j in np.flatnonzero(share >= LEAST_SHARE)]
    prefix = [np.arange(j + 1) for j in range(1, n_cells - 1) if share[: j + 1].sum() >= LEAST_SHARE]
    return [*single, *prefix] or [np.arange(n_cells)]


def _ratio_bounds(
    held: tuple[NDArray[np.bool_], ...], of: tuple[Clusters, Clusters], error: float
) -> tuple[float, float]:
    """Bounds of the ratio of the shares of facts and of non-facts, each exceeded with probability `error`."""
    fact_low, fact_high = bounds(held[0], of[0], (1 - _OF_NONFACTS) * error)
    nonfact_low, nonfact_high = bounds(held[1], of[1], _OF_NONFACTS * error)
    return fact_low / nonfact_high, fact_high / nonfact_low if nonfact_low > 0 else np.inf


def _cross_fitted(
    cells: tuple[Indices, ...], sets: list[Indices], of: tuple[Clusters, Clusters], rng: np.random.Generator
) -> float:
    halves = [(rng.permutation(each.n) % 2)[each.label] for each in of]
    members = np.array([np.isin(np.arange(max(map(np.max, cells)) + 1), chosen) for chosen in sets], dtype=float)
    ratios = []
    for half in (0, 1):
        shares = [
            members @ np.bincount(cell[side == half], minlength=members.shape[1]) / max(1, (side == half).sum())
            for cell, side in zip(cells, halves, strict=True)
        ]
        ratios.append(np.divide(shares[0], shares[1], out=np.full(len(sets), np.inf), where=shares[1] > 0))
    chosen = [int(ratio.argmin()) for ratio in ratios]
    estimate = 0.5 * (ratios[1][chosen[0]] + ratios[0][chosen[1]])
    return float(estimate) if np.isfinite(estimate) else 1.0
