"""Whole loads and whole sizes held out: what c of the others predicts of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.analysis.sharing import tail

Array = NDArray[np.float64]
_RESAMPLES = 4000
#: Pairs on either side without which nothing is predicted.
_FEWEST = 3


@dataclass(frozen=True)
class HeldOut:
    """Prediction of pairs (P, n) beyond a limit by those below it.

    `limit`: greatest load P/n, or size P, that c was fitted on (1). `fitted`: c from these pairs, bits per
    parameter. `error`: median relative error |c P / (n bits) - 1| on the others (1). `drift`: median of it with
    its sign, above 0 where too many bits were predicted. `n_fitted`, `n_heldout`: pairs. `draws`: errors in
    resamples of the pairs of either side, sorted.
    """

    limit: float
    fitted: float
    error: float
    drift: float
    n_fitted: int
    n_heldout: int
    draws: Array

    def ends(self, among: int = 1) -> tuple[float, float]:
        """Return the ends of the error's interval that holds with 95 % for `among` of them together."""
        if not self.draws.size:
            return float("nan"), float("nan")
        low, high = np.quantile(self.draws, [tail(among), 1 - tail(among)])
        return float(low), float(high)


def held_out(along: Array, ratio: Array, rng: np.random.Generator) -> HeldOut:
    """Hold out all pairs above the geometric middle of `along` (m,), loads or sizes; `ratio`: bits n / P (m,).

    c is the mean of `ratio` over the pairs below, each weighing the same, which makes relative errors least. No
    load, or size, is on both sides. Unknown where a side has fewer than three pairs.
    """
    held = np.log(along) > 0.5 * (np.log(along.min()) + np.log(along.max()))
    below, above = ratio[~held], ratio[held]
    sides = int(below.size), int(above.size)
    if min(sides) < _FEWEST:
        unknown = float("nan")
        return HeldOut(unknown, unknown, unknown, unknown, *sides, np.empty(0))
    c = below.mean()
    off = c / above - 1
    fits = rng.choice(below, (_RESAMPLES, below.size)).mean(axis=1)
    errors = np.median(np.abs(fits[:, None] / rng.choice(above, (_RESAMPLES, above.size)) - 1), axis=1)
    numbers = float(along[~held].max()), float(c), float(np.median(np.abs(off))), float(np.median(off))
    return HeldOut(*numbers, *sides, np.sort(errors))
