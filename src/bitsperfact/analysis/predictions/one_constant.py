"""Prediction of the capacity law: one constant per architecture, at every size and load."""

from collections.abc import Iterator

from bitsperfact.analysis.capacity import Trend
from bitsperfact.analysis.capacity_verdicts import LawTest, law_verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.predictions import Prediction

#: Up to this the law holds: change of c over all sizes or loads.
MOST_DRIFT = 0.1


def one_constant(evidence: Evidence) -> Iterator[Verdict]:
    """Judge whether c is the same at all sizes, and at all loads: the law's trends, the other held equal.

    `measured` is c at the greatest over c at the least, from the slopes of ln c on log2 P and log2 P/n, predicted
    1; a tenth more or less is allowed.
    """
    yield from law_verdicts(
        evidence, "one_constant_over_sizes", lambda law, among: _constant(law.over_sizes, "P", among), 2
    )
    yield from law_verdicts(
        evidence, "one_constant_over_loads", lambda law, among: _constant(law.over_loads, "P/n", among), 2
    )


def _constant(trend: Trend, along: str, among: int) -> LawTest:
    low, high = trend.slope.ends()
    reason = (
        f"c changes by {100 * trend.slope.value:+.1f} % ({100 * low:+.1f} to {100 * high:+.1f}) per doubling of"
    )
    reason += f" {along}, over {trend.span:.1f} doublings"
    return 1.0, trend.ratio(among), (1 / (1 + MOST_DRIFT), 1 + MOST_DRIFT), reason


PREDICTION = Prediction(
    "one_constant", "evidence", "cells", "a parameter holds as many bits at every size and load", one_constant, 31
)
