"""Thresholds that scores choose themselves, and which others the sample does not rule out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.clusters import Clusters
from bitsperfact.estimate.resampling import clustered_draws, independent_draws
from bitsperfact.estimate.worth import bounds

Array = NDArray[np.float64]
Scores = tuple[Array, Array]
Of = tuple[Clusters, Clusters]
#: What a cut is worth, from the shares of facts and of non-facts that it accepts: the more the better.
Criterion = Callable[[Array, Array], Array]

#: Ranks of each class that are tried as thresholds: evenly, and denser to either end.
RANKS = 40
#: Standard errors by which a threshold must be worse than the best to be ruled out: of many, some are by chance.
RULED_OUT = 2.5


@dataclass(frozen=True)
class Cuts:
    """What thresholds accept, with bootstrap draws.

    `thresholds`: shape (cuts,), increasing, from minus to plus infinity. `shares`: of facts and of non-facts at or
    above each, (cuts,); `drawn`: the same of resamples, (replicates, cuts). `scores`, `of`: the claims.
    """

    thresholds: Array
    shares: tuple[Array, Array]
    drawn: tuple[Array, Array]
    scores: Scores
    of: Of

    @classmethod
    def of_claims(cls, scores: Scores, of: Of, rng: np.random.Generator, replicates: int) -> "Cuts":
        """Return the cuts of facts (n,) and non-facts (N,), which ties pass together."""
        starts = np.unique(np.concatenate([[-np.inf], *(_at_ranks(np.sort(values)) for values in scores)]))
        shares, drawn = [], []
        for values, clustering in zip(scores, of, strict=True):
            counts = np.histogram(values, np.append(starts, np.inf))[0].astype(np.float64)
            draws = (
                independent_draws(counts, rng, replicates)
                if clustering.are_single_claims
                else clustered_draws(values, starts, clustering, rng, replicates)
            )
            shares.append(_from_top(counts[None, :])[0])
            drawn.append(_from_top(draws))
        return cls(np.append(starts, np.inf), (shares[0], shares[1]), (drawn[0], drawn[1]), scores, of)

    def close_to_best(self, criterion: Criterion, grain: float) -> tuple[int, int]:
        """Return the lowest and highest cut whose criterion is not surely below the best.

        Cuts are compared in pairs: close ones share their claims, and with these most of their noise. `grain` is
        what one claim of the smaller class changes: where resamples have none of it, they know of no noise.
        """
        value = criterion(*self.shares)
        best = int(value.argmax())
        drawn = criterion(*self.drawn)
        error = np.hypot((drawn - drawn[:, [best]]).std(axis=0), grain)
        close = np.flatnonzero(value[best] - value <= RULED_OUT * error + 1e-12)
        return int(close[0]), int(close[-1])

    def bounds(self, own: int, low: int, high: int, error: float) -> tuple[float, float]:
        """Bounds of the share of a class (0: facts, 1: non-facts) from the cut `low` up to the cut `high`."""
        values = self.scores[own]
        held = (values >= self.thresholds[low]) & (values < self.thresholds[high])
        return bounds(held, self.of[own], error)


def _at_ranks(ordered: Array) -> Array:
    """Scores at even ranks, and at ranks denser to either end."""
    n = ordered.size
    dense = np.geomspace(1, n, RANKS)
    ranks = np.concatenate([np.linspace(1, n, RANKS), dense, n + 1 - dense]).astype(np.intp)
    return np.asarray(ordered[ranks - 1])


def _from_top(counts: Array) -> Array:
    """Share of the counts at or above each cut, and none above the last: (rows, cells) -> (rows, cells + 1)."""
    shares = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1] / counts.sum(axis=1, keepdims=True)
    return np.hstack([shares, np.zeros((len(shares), 1))])
