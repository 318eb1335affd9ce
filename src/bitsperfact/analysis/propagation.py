"""Carries intervals through a formula by Monte Carlo."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bitsperfact.analysis.evidence import Measured
from bitsperfact.analysis.sharing import HALF_WIDTH
from bitsperfact.constants import END_ERROR

N_DRAWS = 4000


def propagated(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    numbers: Sequence[Measured],
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Return estimate, lower and upper end of a statistic of several independently measured numbers.

    Its interval is of the kind that theirs are: 95 %, or wider by as much as `sharing.shared` moved their ends.

    `statistic` maps (draws, len(numbers)) to (draws,). Each number is drawn from a normal law of two halves whose
    widths are the two arms of its interval: an interval need not be symmetric, and its end may lie at its value.
    An arm without end counts as long as the other: the number is a lower bound, which the caller has to mind.
    """
    values, lower, upper = (np.array([getattr(n, name) for n in numbers]) for name in ("value", "lower", "upper"))
    normal = rng.standard_normal((N_DRAWS, len(numbers)))
    upper = np.where(np.isinf(upper), 2 * values - lower, upper)
    arms = np.where(normal > 0, np.maximum(upper - values, 0), np.maximum(values - lower, 0))
    drawn = statistic(values + normal * arms / HALF_WIDTH)
    low, high = np.quantile(drawn, [END_ERROR, 1 - END_ERROR])
    return float(statistic(values[None])[0]), float(low), float(high)
