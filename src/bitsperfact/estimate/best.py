"""Bits of the best of several scores of the same claims, the choice among them paid for."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.bits import bits_per_fact
from bitsperfact.estimate.certificate import certified_bits
from bitsperfact.estimate.clusters import Groups, clusters_of
from bitsperfact.estimate.divergence import binned_bits
from bitsperfact.estimate.pool import Pool, checked_scores

Array = NDArray[np.float64]

#: Times that the entities are dealt into halves, and how often where there are more claims than `_MANY`.
_DEALS, _FEW_DEALS, _MANY = 20, 2, 1 << 18


@dataclass(frozen=True)
class BestOfScores:
    """What the best of m scores says, bits in [0, inf]; `upper` is inf where the sample cannot bound it.

    `best`: the score with the largest estimate. `certified_by`: the score of the largest certificate. `chosen`:
    shape (m,), share of the halves in which each score was best. `resolution_limited`: of the best score.
    """

    best: int
    estimate: float
    lower: float
    upper: float
    certified: float
    certified_by: int
    chosen: tuple[float, ...]
    resolution_limited: bool
    seed: int


def best_of_scores(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    groups: Groups | None = None,
    seed: int = 0,
    replicates: int = 400,
    confidence: float = CONFIDENCE,
) -> BestOfScores:
    """Return the largest bits per fact that any of several scores of the same claims has.

    The bits of every score are a lower bound of memory, and so is their maximum, but the maximum of estimates is
    too high: the winner is partly lucky. With m scores and the error 1 - `confidence` (derived here)

    - the certificate is the largest of m, each at an m-th of the error (union bound);
    - the lower end is the largest lower end of m intervals, each at an m-th of the error; the upper end is the
      largest upper end of intervals at the whole error: one of them is that of the truly best score, and the
      others can only raise it;
    - the estimate is the largest less the luck of the choice. Luck is measured where entities are dealt into
      halves: the bits of the score that is best in one half, in that half less in the other. Where noise falls
      with the root of the sample it is sqrt(2) times that of the whole sample for scores that are equally good,
      by which it is divided, and 0 in either for one that is clearly best.

    Args: `facts` (m, n), `nonfacts` (m, N): finite scores, a row for each score. `groups`: labels of facts (n,)
    and of non-facts (N,); claims of one label, of either class, are dealt together.
    Raises: ValueError where a row is empty or not finite, or an argument does not fit.
    """
    rows = np.atleast_2d(np.asarray(facts, dtype=np.float64))
    others = np.atleast_2d(np.asarray(nonfacts, dtype=np.float64))
    if len(rows) != len(others):
        raise ValueError(f"facts and nonfacts must have a row per score, got {len(rows)} and {len(others)}")
    views = [
        (checked_scores("facts", row), checked_scores("nonfacts", other))
        for row, other in zip(rows, others, strict=True)
    ]
    share = 1 - (1 - confidence) / len(views)
    alone = [bits_per_fact(*view, groups, seed, replicates, confidence) for view in views]
    together = [bits_per_fact(*view, groups, seed, replicates, share) for view in views]
    best = int(np.argmax([found.estimate for found in alone]))
    luck, chosen = _luck(views, groups, seed)
    of = clusters_of(groups, rows.shape[1], others.shape[1])
    certified = [certified_bits(*view, *of, share) for view in views]
    lower = max(found.lower for found in together)
    upper = max(found.upper for found in alone)
    return BestOfScores(
        best=best,
        estimate=min(upper, max(0.0, lower, alone[best].estimate - luck)),
        lower=lower,
        upper=upper,
        certified=max(certified),
        certified_by=int(np.argmax(certified)),
        chosen=tuple(chosen.tolist()),
        resolution_limited=alone[best].resolution_limited,
        seed=seed,
    )


def _luck(views: list[tuple[Array, Array]], groups: Groups | None, seed: int) -> tuple[float, Array]:
    """By how many bits the winner's estimate is too high, and how often each score wins, shape (m,)."""
    wins, gains = np.zeros(len(views)), [0.0]
    if len(views) > 1:
        gains = []
        for one, other in _halves(views, groups, seed):
            for own, held_out in ((one, other), (other, one)):
                winner = int(own.argmax())
                wins[winner] += 1
                gains.append(float(own[winner] - held_out[winner]))
    if not gains or not wins.any():
        return 0.0, np.full(len(views), 1 / len(views))
    return max(0.0, float(np.mean(gains) / np.sqrt(2))), wins / wins.sum()


def _halves(views: list[tuple[Array, Array]], groups: Groups | None, seed: int) -> Iterator[tuple[Array, Array]]:
    """Bits of every score, shape (m,), in either half of the entities; halves that lack a class are left out."""
    n, N = views[0][0].size, views[0][1].size
    labels = np.arange(n + N) if groups is None else np.concatenate([np.asarray(each) for each in groups])
    entities, label = np.unique(labels, return_inverse=True)
    deals = _DEALS if n + N <= _MANY else _FEW_DEALS
    for child in np.random.SeedSequence(seed).spawn(deals):
        dealt = np.random.default_rng(child).permutation(entities.size) < entities.size // 2
        in_first, in_first_too = np.split(dealt[label], [n])
        if min(in_first.sum(), (~in_first).sum(), in_first_too.sum(), (~in_first_too).sum()) == 0:
            continue
        yield (
            np.array([binned_bits(Pool.of(f[in_first], g[in_first_too])) for f, g in views]),
            np.array([binned_bits(Pool.of(f[~in_first], g[~in_first_too])) for f, g in views]),
        )
