"""Prediction: no more non-facts pass than the bits make necessary."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bitsperfact.analysis.evidence import UNKNOWN, Evidence, Key, Measured, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, verdicts
from bitsperfact.analysis.sharing import shared

#: Bits that may be lost: twice as many non-facts pass as would have to.
MOST_BITS = 1.0


def bits_lost(evidence: Evidence, key: Key, n_rows: int) -> Measured:
    """log2 of the hallucination rate over 2^-bits, bits; where no non-fact passed, half of one counts as passing.

    Both come from the same scores, and where bits are over-estimated the rate is low: taking them for independent
    errs to the wide side.
    """
    bits, rate = (shared(evidence.maybe(key, name), n_rows) for name in ("bits_per_fact", "hallucination_rate"))
    if not (bits.known and rate.known):
        return UNKNOWN
    value = max(rate.value, min(rate.upper, 0.5 / rate.n_nonfacts))
    with np.errstate(divide="ignore"):
        log_low, log_rate, log_high = np.log2([rate.lower, value, rate.upper])
    lost = bits.value + log_rate
    lower = lost - np.hypot(bits.value - bits.lower, log_rate - log_low)
    upper = lost + np.hypot(bits.upper - bits.value, log_high - log_rate)
    return replace(bits, value=float(lost), lower=float(lower), upper=float(upper), resolution_limited=False)


_SHAPE = ScoreShape(
    "no_over_accepting",
    0.0,
    -math.inf,
    MOST_BITS,
    "bits per fact that do not keep non-facts out at 95 % recall",
    "over-accepting: the bits tell some facts very surely and leave the others among non-facts",
    bits_lost,
)


def no_over_accepting(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that hallucinations are as rare as its bits allow: at most 1 bit lost.

    At the optimum (Guo & Li 2026, arXiv 2602.00906) a share 2^-bits of non-facts passes and nothing is lost.
    `hallucination_floor` is the other side, which no tester can pass; this is the side that testers can fail.
    """
    yield from verdicts(evidence, _SHAPE)


PREDICTION = Prediction(
    "no_over_accepting",
    "evidence",
    "models",
    "no more non-facts pass than the bits make necessary",
    no_over_accepting,
    10,
)
