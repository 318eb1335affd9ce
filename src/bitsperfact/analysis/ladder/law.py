"""Predictions of the capacity law: one constant per architecture, and no intercept."""

from collections.abc import Iterator

from bitsperfact.analysis.evidence import Verdict, figure
from bitsperfact.analysis.ladder.capacity import MEASURES, Law, laws
from bitsperfact.analysis.ladder.evidence import ALL_SETS, LadderEvidence, within
from bitsperfact.tables import Status

#: Median relative error on foretold cells up to which the law holds.
MOST_ERROR = 0.1
#: Bits that an intercept may be away from 0.
ZERO_BITS = 0.1
_SCORE = "log_odds"


def capacity_law(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge per architecture, for each of `MEASURES`, whether one c foretells the bits of cells it was not fitted
    on.

    `measured` is the median relative error of c P / n on held-out (P, n) pairs, predicted at most 10 %. Source:
    the rate-distortion theorem of Guo & Li 2026 (arXiv 2602.00906) with a memory in proportion to parameters.
    """
    for law in laws(evidence):
        error, low, high = law.error
        status: Status = "consistent" if error <= MOST_ERROR else "violated" if low > MOST_ERROR else "undecided"
        c, c_low, c_high = law.bits_per_parameter
        reason = (
            f"{MEASURES[law.measure]} = c P/n with c = {c:.2f} ({c_low:.2f} to {c_high:.2f}) bits per parameter"
        )
        reason += f", fitted on {law.n_fitted} (P, n) pairs, errs by {100 * error:.1f} % (median)"
        reason += f" on {law.n_foretold} others; best cell {law.best:.2f} ({law.best_cell})"
        name = "capacity_law" if law.measure == "q_star" else f"capacity_law_{law.measure}"
        yield _verdict(law, name, MOST_ERROR, (error, low, high), status, reason)


def zero_intercept(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge per architecture whether the line of bits over P / n passes through the origin.

    `measured` is its intercept in bits, predicted 0; a tenth of a bit off is allowed.
    """
    for law in laws(evidence):
        at_zero, low, high = law.intercept
        status = within(-ZERO_BITS, ZERO_BITS, low, high)
        reason = f"{MEASURES[law.measure]} over P/n meets P/n = 0 at {figure(at_zero)} bits"
        reason += f" ({figure(low)} to {figure(high)})"
        name = "zero_intercept" if law.measure == "q_star" else f"zero_intercept_{law.measure}"
        yield _verdict(law, name, 0.0, law.intercept, status, reason)


def _verdict(
    law: Law, name: str, predicted: float, ends: tuple[float, float, float], status: Status, reason: str
) -> Verdict:
    if law.n_unfinished:
        reason += f"; {law.n_unfinished} cells had not reached their plateau"
        status = "undecided" if status == "violated" else status
    return Verdict(law.architecture, ALL_SETS, _SCORE, name, predicted, *ends, status, f"{reason}.")
