"""Predictions of the capacity law: one constant per architecture, at every size and load, and no intercept."""

from collections.abc import Callable, Iterator

import numpy as np

from bitsperfact.analysis.evidence import Verdict, figure
from bitsperfact.analysis.ladder.capacity import MEASURES, Law, Trend, laws
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.heldout import HeldOut
from bitsperfact.analysis.ladder.said import ALL_SETS
from bitsperfact.analysis.status import judged

#: Up to these the law holds: median relative error on pairs held out; change of c over all sizes or loads.
MOST_ERROR, MOST_DRIFT = 0.1, 0.1
#: Bits that an intercept may be away from 0: as everywhere, half a bit, a factor of 1.4 in q.
ZERO_BITS = 0.5
_SCORE = "log_odds"
#: What a law says of one prediction: predicted, then measured with its ends among so many, what is allowed, why.
Told = tuple[float, tuple[float, float, float], tuple[float, float], str]


def capacity_law(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge, for each of `MEASURES`, whether c from small loads (or sizes) predicts the bits at large ones.

    `measured` is the median relative error of c P / n on pairs (P, n) whose load (or size) exceeds all that c was
    fitted on, predicted 0, at most 10 %. Source: the rate-distortion theorem of Guo & Li 2026 (arXiv
    2602.00906) with a memory in proportion to parameters.
    """
    yield from _each(
        evidence, "capacity_law", lambda law, among: _predicted(law, law.new_loads, "loads P/n", among), 2
    )
    yield from _each(
        evidence, "capacity_law_sizes", lambda law, among: _predicted(law, law.new_sizes, "sizes P", among), 2
    )


def one_constant(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge whether c is the same at all sizes, and at all loads: the law's trends, the other held equal.

    `measured` is c at the greatest over c at the least, from the slopes of ln c on log2 P and log2 P/n, predicted
    1; a tenth more or less is allowed.
    """
    yield from _each(
        evidence, "one_constant_over_sizes", lambda law, among: _constant(law.over_sizes, "P", among), 2
    )
    yield from _each(
        evidence, "one_constant_over_loads", lambda law, among: _constant(law.over_loads, "P/n", among), 2
    )


def zero_intercept(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge per architecture whether the line of bits over P / n passes through the origin.

    `measured` is its intercept in bits, predicted 0; half a bit off is allowed.
    """
    yield from _each(evidence, "zero_intercept", _origin, 1)


def _predicted(law: Law, held: HeldOut, what: str, among: int) -> Told:
    reason = f"c = {held.fitted:.2f} of {held.n_fitted} (P, n) pairs of {what} up to {held.limit:.5g} errs by"
    reason += f" {100 * held.error:.1f} % (median, signed {100 * held.drift:+.1f} %) on {held.n_held} beyond; best"
    reason += f" cell {law.best:.2f} ({law.best_cell})"
    return 0.0, (held.error, *held.ends(among)), (0.0, MOST_ERROR), reason


def _constant(trend: Trend, along: str, among: int) -> Told:
    low, high = trend.slope.ends()
    reason = (
        f"c changes by {100 * trend.slope.value:+.1f} % ({100 * low:+.1f} to {100 * high:+.1f}) per doubling of"
    )
    reason += f" {along}, over {trend.span:.1f} doublings"
    return 1.0, trend.ratio(among), (1 / (1 + MOST_DRIFT), 1 + MOST_DRIFT), reason


def _origin(law: Law, among: int) -> Told:
    ends = law.intercept.ends(among)
    reason = f"{MEASURES[law.measure]} over P/n meets P/n = 0 at {figure(law.intercept.value)} bits"
    return 0.0, (law.intercept.value, *ends), (-ZERO_BITS, ZERO_BITS), reason


def _each(
    evidence: LadderEvidence, name: str, tell: Callable[[Law, int], Told], of_a_kind: int
) -> Iterator[Verdict]:
    """A verdict per architecture and measure, on finished cells; others are told of, and decide nothing.

    `of_a_kind`: predictions that share one error; so do architectures and measures.
    """
    finished = {(law.architecture, law.measure): law for law in laws(evidence)}
    everything = {(law.architecture, law.measure): law for law in laws(evidence, finished=False)}
    for key, law in everything.items():
        judged_on = finished.get(key)
        predicted, numbers, allowed, reason = tell(judged_on or law, of_a_kind * max(len(finished), 1))
        c = (judged_on or law).bits_per_parameter
        low, high = c.ends()
        reason = f"{MEASURES[law.measure]} = c P/n with c = {c.value:.2f} ({low:.2f} to {high:.2f}): {reason}"
        reason += (
            f"; {figure(numbers[1])} to {figure(numbers[2])}, allowed {figure(allowed[0])} to {figure(allowed[1])}"
        )
        if judged_on is None:
            numbers = numbers[0], np.nan, np.nan
            reason += f"; too few finished cells, {law.unfinished} unfinished decide nothing"
        elif law.unfinished:
            beside = tell(law, 1)[1][0]
            reason += f"; with {law.unfinished} unfinished cells {figure(beside)}"
        status = judged(*numbers[1:], *allowed)
        suffix = "" if law.measure == "q_star" else f"_{law.measure}"
        yield Verdict(
            law.architecture, ALL_SETS, _SCORE, f"{name}{suffix}", predicted, *numbers, status, f"{reason}."
        )
