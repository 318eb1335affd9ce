"""Prediction of the capacity law: no memory, no bits."""

from collections.abc import Iterator

from bitsperfact.analysis.capacity import MEASURES, CapacityLaw
from bitsperfact.analysis.capacity_verdicts import LawTest, law_verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict, figure
from bitsperfact.analysis.predictions import Prediction

#: Bits that an intercept may be away from 0: as everywhere, half a bit, a factor of 1.4 in q.
ZERO_BITS = 0.5


def zero_intercept(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per architecture whether the line of bits over P / n passes through the origin.

    `measured` is its intercept in bits, predicted 0; half a bit off is allowed.
    """
    yield from law_verdicts(evidence, "zero_intercept", _origin, 1)


def _origin(law: CapacityLaw, among: int) -> LawTest:
    ends = law.intercept.ends(among)
    reason = f"{MEASURES[law.measure]} over P/n meets P/n = 0 at {figure(law.intercept.value)} bits"
    return 0.0, (law.intercept.value, *ends), (-ZERO_BITS, ZERO_BITS), reason


PREDICTION = Prediction(
    "zero_intercept", "evidence", "cells", "bits over P / n lie on a line through the origin", zero_intercept, 32
)
