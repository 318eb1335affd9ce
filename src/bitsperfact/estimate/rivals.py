"""Which law scores look like: the channel or a rival, by the likelihood of claims that were held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.estimate.channel import nearest_channel
from bitsperfact.estimate.clusters import Groups
from bitsperfact.estimate.mixtures import FAMILIES, SMOOTH, Cells, Mixture, MixtureFamily, fit_mixture
from bitsperfact.estimate.pool import Pool
from bitsperfact.threads import single_threaded

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

FOLDS = 5
#: Cells between the outer quantiles of the scores.
N_CELLS = 128
#: Differences of so many nats per claim are the optimiser's.
CONVERGED_NATS = 1e-5
_OUTER = (0.005, 0.995)
#: A law must be behind by so many standard errors to be out: of several, one is behind by chance.
STANDARD_ERRORS = 3.0


@dataclass(frozen=True)
class Rival:
    """A law that scores may follow, and how well it predicts held-out claims.

    `heldout_nats`: mean log-likelihood of held-out claims, each class weighing one half, nats per claim, of cells
    of scores and so at most 0. `behind_nats`, `behind_se`: how far it is behind the best law, and the standard
    error of that paired difference by cluster. `fitted`: the member of the family fitted to all claims.
    """

    name: str
    n_parameters: int
    heldout_nats: float
    behind_nats: float
    behind_se: float
    fitted: Mixture


def compare(facts: Array, nonfacts: Array, groups: Groups | None, seed: int) -> tuple[Rival, ...]:
    """Return every family of `FAMILIES`, cross-fitted: each fold of entities is judged by a fit to the others.

    An entity's facts and non-facts stay together. Returns: in the order of `FAMILIES`.
    Raises: ValueError where facts or non-facts come from fewer than two groups.
    """
    label, n_labels = _joint_labels(facts.size, nonfacts.size, groups)
    fold = _folds(label, facts.size, n_labels, np.random.default_rng(seed))
    edges = _edges(facts, nonfacts)
    cell = np.searchsorted(edges, np.concatenate([facts, nonfacts]), side="right")
    is_fact = np.arange(cell.size) < facts.size
    with single_threaded():
        fits = _fits(_cells(edges, cell, is_fact, np.ones(cell.size, dtype=np.bool_)))
        heldout = np.empty((len(FAMILIES), cell.size))
        for each in range(int(fold.max()) + 1):
            out = fold == each
            others = _cells(edges, cell, is_fact, ~out)
            for row, fit in zip(heldout, fits, strict=True):
                # The fit to all claims is where to start, which tells only near which optimum to look.
                log_fact, log_nonfact = fit_mixture(fit.family, others, [fit]).log_likelihoods(edges)
                row[out] = np.where(is_fact[out], log_fact[cell[out]], log_nonfact[cell[out]])
    weight = np.where(is_fact, 0.5 / facts.size, 0.5 / nonfacts.size)
    means = heldout @ weight
    best = int(means.argmax())
    return tuple(
        Rival(
            family.name,
            family.n_parameters,
            float(means[i]),
            float(means[best] - means[i]),
            _standard_error(heldout[best] - heldout[i], weight, is_fact, label, n_labels),
            fits[i],
        )
        for i, family in enumerate(FAMILIES)
    )


def close(rivals: tuple[Rival, ...]) -> list[Rival]:
    """Return the rivals that are behind the best by no more than `STANDARD_ERRORS` standard errors."""
    return [each for each in rivals if each.behind_nats <= STANDARD_ERRORS * each.behind_se + CONVERGED_NATS]


def _joint_labels(n: int, N: int, groups: Groups | None) -> tuple[Indices, int]:
    """Entity of each fact, then of each non-fact, numbered over both classes."""
    if groups is None:
        return np.arange(n + N), n + N
    joint: list[ArrayLike] = [np.asarray(labels) for labels in groups]
    distinct, label = np.unique(np.concatenate(joint), return_inverse=True)
    return label, distinct.size


def _folds(label: Indices, n_facts: int, n_labels: int, rng: np.random.Generator) -> Indices:
    """Fold of each claim; entities are dealt so that no fold holds all facts or all non-facts."""
    has_fact, has_nonfact = (np.zeros(n_labels, dtype=np.bool_) for _ in range(2))
    has_fact[label[:n_facts]] = True
    has_nonfact[label[n_facts:]] = True
    for name, held in (("facts", has_fact), ("nonfacts", has_nonfact)):
        if held.sum() < 2:
            raise ValueError(f"{name} must come from at least two groups to hold one out, got {held.sum()}")
    folds = int(min(FOLDS, has_fact.sum(), has_nonfact.sum()))
    # Entities with facts are neighbours in this order, and so are those with non-facts.
    kind = has_nonfact.astype(int) + (has_nonfact & ~has_fact)
    fold = np.empty(n_labels, dtype=np.intp)
    fold[np.lexsort((rng.permutation(n_labels), kind))] = np.arange(n_labels) % folds
    return np.asarray(fold[label])


def _edges(facts: Array, nonfacts: Array) -> Array:
    ends = np.concatenate([np.quantile(facts, _OUTER), np.quantile(nonfacts, _OUTER)])
    low, high = float(ends.min()), float(ends.max())
    if low == high:
        low, high = low - 1.0, high + 1.0
    # Half a cell further out, so that ties at either end lie within a cell.
    half = 0.5 * (high - low) / (N_CELLS - 1)
    return np.linspace(low - half, high + half, N_CELLS + 1)


def _cells(edges: Array, cell: Indices, is_fact: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> Cells:
    counts = [np.bincount(cell[chosen & of], minlength=edges.size + 1) for of in (is_fact, ~is_fact)]
    return Cells(edges, counts[0].astype(np.float64), counts[1].astype(np.float64))


def _fits(cells: Cells) -> list[Mixture]:
    """Every family fitted; the larger ones also start from the smaller ones, so that they fit no worse."""
    fits: dict[str, Mixture] = {}
    for family in FAMILIES:
        smaller = [_with_peaks(fit, family.n_peaks) for fit in fits.values()]
        fits[family.name] = fit_mixture(family, cells, _starts(cells, family) + smaller)
    return list(fits.values())


def _starts(cells: Cells, family: MixtureFamily) -> list[Mixture]:
    """Peaks where each class has its mass, and where the two sides of the best threshold have theirs."""
    middles = np.concatenate([[cells.edges[0]], 0.5 * (cells.edges[1:] + cells.edges[:-1]), [cells.edges[-1]]])
    pool = Pool.of(np.repeat(middles, cells.facts.astype(int)), np.repeat(middles, cells.nonfacts.astype(int)))
    channel = nearest_channel(pool)
    high = middles >= channel.threshold
    shares = np.array([1 - channel.recall, channel.recall]), np.array([1 - channel.q_star, channel.q_star])
    starts = []
    for low_counts, high_counts in ((cells.nonfacts, cells.facts), (cells.nonfacts * ~high, cells.facts * high)):
        peaks = np.array([_centre_and_scale(middles, c, cells.width) for c in (low_counts, high_counts)])
        starts.append(_with_peaks(Mixture(SMOOTH, peaks[:, 0], peaks[:, 1], np.zeros(2), *shares), family.n_peaks))
    return starts


def _centre_and_scale(middles: Array, counts: Array, width: float) -> tuple[float, float]:
    """Median, and the scale of a logistic law of the same quartiles: they are 2 ln 3 scales apart."""
    if counts.sum() == 0:
        return float(middles.mean()), float(np.ptp(middles)) / 4
    first, half, third = middles[np.searchsorted(np.cumsum(counts), np.array([0.25, 0.5, 0.75]) * counts.sum())]
    return float(half), max(float(third - first) / (2 * np.log(3)), 0.1 * width)


def _with_peaks(mixture: Mixture, n_peaks: int) -> Mixture:
    """Return the mixture, with a small wide peak between its two where three are asked for."""
    if mixture.centres.size == n_peaks:
        return mixture
    centres = np.insert(mixture.centres, 1, mixture.centres.mean())
    scales = np.insert(mixture.scales, 1, max(float(mixture.scales.max()), float(np.ptp(centres)) / 8))
    facts, nonfacts = (np.insert(0.95 * shares, 1, 0.05) for shares in (mixture.facts, mixture.nonfacts))
    skews = np.insert(mixture.skews, 1, 0.0)
    return Mixture(mixture.family, centres, scales, skews, facts, nonfacts, mixture.tails)


def _standard_error(
    difference: Array, weight: Array, is_fact: NDArray[np.bool_], label: Indices, n_labels: int
) -> float:
    """Of the weighted mean of paired differences, claims of one entity being drawn together."""
    centred = difference.copy()
    for of in (is_fact, ~is_fact):
        centred[of] -= difference[of].mean()
    by_entity = np.bincount(label, weights=weight * centred, minlength=n_labels)
    return float(np.sqrt(by_entity @ by_entity))
