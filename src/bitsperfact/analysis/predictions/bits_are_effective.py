"""Prediction: the bits that are spent are worth what they cost."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bitsperfact.analysis.evidence import UNKNOWN, Evidence, Key, Measured, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, verdicts
from bitsperfact.analysis.sharing import shared

#: Share of the bits that counts as all of them.
LEAST = 0.8


def effective_share(evidence: Evidence, key: Key, n_rows: int) -> Measured:
    """Effective bits over bits (1): of the same scores, so that taking them for independent errs to the wide side.

    An end is as far from the ratio, in logarithms, as those of both numbers together (root of the sum of squares).
    Without an upper end of the bits the ratio has no lower one above 0.
    """
    worth, spent = (shared(evidence.maybe(key, name), n_rows) for name in ("bits_effective", "bits_per_fact"))
    if not (worth.known and spent.known) or min(worth.value, spent.value) <= 0:
        return UNKNOWN
    ratio = worth.value / spent.value
    down = np.hypot(_log_ratio(worth.value, worth.lower), _log_ratio(spent.upper, spent.value))
    up = np.hypot(_log_ratio(worth.upper, worth.value), _log_ratio(spent.value, spent.lower))
    return replace(
        worth,
        value=ratio,
        lower=ratio * np.exp(-down),
        upper=ratio * np.exp(up),
        unit="1",
        resolution_limited=False,
    )


def _log_ratio(above: float, below: float) -> float:
    return float(np.log(above / below)) if below > 0 else math.inf


_SHAPE = ScoreShape(
    "bits_are_effective",
    1.0,
    LEAST,
    math.inf,
    "effective bits over bits",
    "forgetting, spreading or abstaining: at its log-loss a channel would need far fewer bits",
    effective_share,
)


def bits_are_effective(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that its bits buy the log-loss that they can: at least 4/5, predicted all.

    Effective bits are those of the channel with the same log-loss (derived in this project from the optimum of
    Guo & Li 2026, arXiv 2602.00906), after the best calibration. They never exceed the bits; what they fall short
    is memory that was spent otherwise.
    """
    yield from verdicts(evidence, _SHAPE)


PREDICTION = Prediction(
    "bits_are_effective", "evidence", "models", "bits buy the log-loss that they can", bits_are_effective, 9
)
