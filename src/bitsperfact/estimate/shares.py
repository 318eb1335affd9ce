"""Bounds of a share: of independent claims, and of claims that come in clusters, whatever happens inside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from bitsperfact.estimate.clusters import Clusters

Array = NDArray[np.float64]
Counts = NDArray[np.intp]

#: Bets on clusters holding less than supposed, as shares of the largest that cannot be ruined, and their weights.
_BETS = np.array([1.0, 0.85, 0.7, 0.5, 0.35, 0.25, 0.17, 0.12, 0.08, 0.05, 0.03, 0.02])
_LOG_WEIGHTS = np.log(np.array([0.25] + 11 * [0.75 / 11]))
_BISECTIONS = 14


def share_bounds(count: ArrayLike, n: float, error: float | Array) -> tuple[Array, Array]:
    """Return Clopper-Pearson bounds of a binomial share, each exceeded with probability at most `error`.

    Args: `count`: shape (...), successes among `n` (need not be whole). Returns: lower and upper bounds, 1, in [0,
    1].
    """
    k = np.asarray(count, dtype=np.float64)
    low = np.where(k > 0, beta.ppf(error, np.maximum(k, 1e-9), n - k + 1), 0.0)
    high = np.where(k < n, beta.ppf(1 - error, k + 1, np.maximum(n - k, 1e-9)), 1.0)
    return low, high


@dataclass(frozen=True)
class Marked:
    """Marked claims by cluster: how many clusters have one, and how many clusters have `held` of them each.

    `held`, `clusters`: shape (distinct,), 1, counts.
    """

    touched: int
    held: Array
    clusters: Array


@dataclass(frozen=True)
class ClusteredShare:
    """What bounds the share of a law's claims that are marked, when its clusters are independent draws.

    The law is the claim-weighted one: a claim drawn from all claims of all clusters, given the clusters' sizes.
    Clusters may differ in law, so their sizes may go with what they hold; within one anything may depend on
    anything. Nothing here is approximate but arithmetic.

    `weighed`: mask of shape (clusters,). The rest are so large that one of them would decide alone; all their
    claims are taken to be marked, a share `given` (1) of the claims. Which they are follows from sizes only.
    `m`, `claims`, `largest`: number of weighed clusters, of claims in them, and of claims in the largest.
    """

    of: Clusters
    weighed: NDArray[np.bool_]
    given: float
    m: int
    claims: int
    largest: int

    @classmethod
    def weighing(cls, of: Clusters, error: float) -> "ClusteredShare":
        """Give up the large clusters without which the bound at `error` of a sample with none marked is least."""
        sizes, n = np.bincount(of.label, minlength=of.n), of.label.size
        ordered = np.sort(sizes)[::-1]
        left_out = np.concatenate([[0], np.cumsum(ordered)]) / n
        next_largest = np.concatenate([ordered, [0]])
        m = np.arange(of.n, -1, -1)
        unseen = next_largest * m / n * -np.expm1(np.log(error) / np.maximum(m, 1))
        largest = int(next_largest[int(np.argmin(left_out + unseen))])
        weighed = sizes <= largest
        claims = int(sizes[weighed].sum())
        return cls(of, weighed, 1 - claims / n, int(weighed.sum()), claims, largest)

    @property
    def is_of_single_claims(self) -> bool:
        """Whether every weighed cluster is one claim, so that counting is exact."""
        return self.largest == 1

    @property
    def part(self) -> float:
        """Share of an error that `bound_of_count` is given where the bet on shares has the rest (1)."""
        return 1.0 if self.is_of_single_claims else 0.5

    def count(self, marked: NDArray[np.bool_]) -> Marked:
        """Count the marked claims (a mask of shape (claims,)) of weighed clusters."""
        if self.of.are_single_claims:
            k = int(np.count_nonzero(marked))
            return Marked(k, np.array([0.0, 1.0]), np.array([self.m - k, k], dtype=np.float64))
        held = np.bincount(self.of.label[marked], minlength=self.of.n)[self.weighed]
        clusters = np.bincount(held)
        distinct = np.flatnonzero(clusters)
        touched = int(np.count_nonzero(held))
        return Marked(touched, distinct.astype(np.float64), clusters[distinct].astype(np.float64))

    def bound_of_count(self, touched: int | Counts, error: float | Array) -> Array:
        """Return the upper bound of the share (1, in [0, 1]) where `touched` clusters hold a marked claim.

        A cluster that is touched holds at most `largest` marked claims. The number touched is a sum of independent
        events of unequal chances, whose lower tail is below that of a binomial law of the same mean (Hoeffding
        1956, Ann. Math. Stat. 27, theorem 4), so that Clopper-Pearson's bound holds for it.
        """
        _, chance = share_bounds(touched, self.m, error) if self.m else (None, np.ones(np.shape(touched)))
        return self._share(chance * self.m * self.largest)

    def upper(self, marked: Sequence[Marked], errors: Array) -> Array:
        """Bound several shares (1, in [0, 1]) from above, each failing with probability at most its error.

        The less of `bound_of_count` and of the least share that the bet (`_is_below`) excludes, at half the error
        each; the first alone for single claims. More marked claims never give a lower bound.
        """
        touched = np.array([each.touched for each in marked], dtype=np.intp)
        counted = self.bound_of_count(touched, self.part * errors)
        if self.is_of_single_claims or self.m == 0:
            return counted
        totals = np.maximum(counted - self.given, 0.0) / (1 - self.given) * self.claims
        bets = zip(marked, totals.tolist(), errors / 2, strict=True)
        return np.minimum(counted, self._share(np.array([self._least_excluded(*bet) for bet in bets])))

    def _least_excluded(self, marked: Marked, most: float, error: float) -> float:
        """Return the least total of marked claims that the bet excludes from above, or `most` if that is less."""
        low, high = float(marked.held @ marked.clusters), most
        if low >= high or not self._is_below(marked, high, error):
            return most
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._is_below(marked, middle, error) else (middle, high)
        return high

    def excludes(self, marked: Marked, share: float, touched: int, error: float) -> bool:
        """Whether a share of `share` (1) or more is excluded at `error`; `touched` clusters are few enough for it.

        That is, `share` is at least `bound_of_count` of `touched` at `part` of the error.
        """
        if marked.touched <= touched:
            return True
        if self.is_of_single_claims:
            return False
        return self._is_below(marked, (share - self.given) / (1 - self.given) * self.claims, error / 2)

    def _share(self, total: Array) -> Array:
        """Return the share where `total` marked claims are expected in the weighed clusters."""
        return self.given + (1 - self.given) * np.minimum(1.0, total / max(self.claims, 1))

    def _is_below(self, marked: Marked, total: float, error: float) -> bool:
        """Return whether the marked claims refute at `error` that `total` of them or more are expected in all.

        Someone who bets b that a cluster holds fewer than u = total / m multiplies what is betted by
        1 + b (u - held) / (largest - u). If the clusters' means average u or more, the means of these factors
        average at most 1, and so the product over independent clusters has expectation at most 1 (arithmetic and
        geometric means). By Markov it reaches 1 / error with probability at most `error`, and so does the mean
        over several b. The bets are those of Waudby-Smith & Ramdas 2024, JRSS B 86, but do not learn, so that the
        order of clusters means nothing.
        """
        mean = total / self.m
        if mean >= self.largest:
            return True
        with np.errstate(divide="ignore"):
            gains = np.log1p(_BETS[:, None] * ((mean - marked.held) / (self.largest - mean)))
        logs = gains @ marked.clusters + _LOG_WEIGHTS
        top = logs.max()
        return bool(np.isfinite(top) and top + np.log(np.exp(logs - top).sum()) >= -np.log(error))
