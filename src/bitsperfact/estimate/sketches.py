"""A stream of scores in two quantile sketches: one accurate towards the top, one towards the bottom."""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

INSTALL = "pip install 'bitsperfact[streaming]'"


class TwoEndedSketch:
    """Two REQ sketches of the same scores (Cormode, Karnin, Liberty, Thaler & Vesely 2021).

    A REQ sketch knows the share of scores beyond any score up to a constant factor, but from one end only; bits
    may rest on the tail at either. The upper half of the scores is read from one, the lower from the other. `k`:
    even, in [4, 254]; the error falls as 1 / k. Raises: ImportError where datasketches is not installed.
    """

    def __init__(self, k: int) -> None:
        try:
            from datasketches import req_floats_sketch  # type: ignore[import-untyped]
        except ImportError as error:
            raise ImportError(f"streaming needs datasketches: {INSTALL}") from error
        self._above, self._below = req_floats_sketch(k, True), req_floats_sketch(k, False)

    @property
    def n(self) -> int:
        """Number of scores taken in."""
        return int(self._above.n)

    def update(self, scores: NDArray[np.float32]) -> None:
        """Take in scores, shape (n,)."""
        self._above.update(scores)
        self._below.update(scores)

    def merge(self, other: "TwoEndedSketch") -> None:
        """Take in all that another sketch of the same k took in."""
        self._above.merge(other._above)
        self._below.merge(other._below)

    def kept(self) -> tuple[Array, Array]:
        """Return scores kept, shape (m,), and how many each stands for: whole numbers that add up to `n`."""
        low, high = (np.array(list(each), dtype=np.float64) for each in (self._below, self._above))
        low, high = low[np.argsort(low[:, 0], kind="stable")], high[np.argsort(high[:, 0], kind="stable")]
        cut = self._cut(low, high)
        low, high = low[low[:, 0] < cut], high[high[:, 0] >= cut]
        both = np.concatenate([low, high])
        # What the two disagree about at the cut goes to the score there that stands for most.
        both[both[:, 1].argmax(), 1] += self.n - both[:, 1].sum()
        return both[:, 0], both[:, 1]

    def _cut(self, low: Array, high: Array) -> float:
        """Score among the middle half at which both sketches count the same number below."""
        between = np.unique(high[:, 0])
        below = [_below(each, between) for each in (low, high)]
        middle = np.flatnonzero((below[1] >= self.n / 4) & (below[1] <= 3 * self.n / 4))
        near = middle if middle.size else np.array([np.abs(below[1] - self.n / 2).argmin()])
        return float(between[near[np.abs(below[0] - below[1])[near].argmin()]])

    def ranks(self, scores: ArrayLike, risk: float) -> tuple[Array, Array]:
        """Return the share of what is `kept` below each of `scores` (m,), and how far off it may be, to `risk`."""
        values, weights = self.kept()
        below = _below(np.stack([values, weights], axis=1), np.asarray(scores, dtype=np.float64)) / self.n
        z = NormalDist().inv_cdf(1 - risk / 2)
        return below, z * np.array([self._standard_error(float(rank)) for rank in below])

    def _standard_error(self, rank: float) -> float:
        sketch: Any = self._below if rank < 0.5 else self._above
        low, high = sketch.get_rank_lower_bound(rank, 1), sketch.get_rank_upper_bound(rank, 1)
        return float(max(rank - low, high - rank))


def _below(kept: Array, scores: Array) -> Array:
    upto = np.concatenate([[0.0], np.cumsum(kept[:, 1])])
    return np.asarray(upto[np.searchsorted(kept[:, 0], scores)])
