"""Prediction of the capacity law: bits of small loads, or sizes, tell those of large ones."""

from collections.abc import Iterator

from bitsperfact.analysis.capacity import CapacityLaw
from bitsperfact.analysis.capacity_verdicts import LawTest, law_verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.heldout import HeldOut
from bitsperfact.analysis.predictions import Prediction

#: Up to this the law holds: median relative error on pairs held out.
MOST_ERROR = 0.1


def capacity_law(evidence: Evidence) -> Iterator[Verdict]:
    """Judge, for each of `MEASURES`, whether c from small loads (or sizes) predicts the bits at large ones.

    `measured` is the median relative error of c P / n on pairs (P, n) whose load (or size) exceeds all that c was
    fitted on, predicted 0, at most 10 %. Source: the rate-distortion theorem of Guo & Li 2026 (arXiv
    2602.00906) with a memory in proportion to parameters.
    """
    yield from law_verdicts(
        evidence, "capacity_law", lambda law, among: _predicted(law, law.new_loads, "loads P/n", among), 2
    )
    yield from law_verdicts(
        evidence, "capacity_law_sizes", lambda law, among: _predicted(law, law.new_sizes, "sizes P", among), 2
    )


def _predicted(law: CapacityLaw, heldout: HeldOut, what: str, among: int) -> LawTest:
    reason = (
        f"c = {heldout.fitted:.2f} of {heldout.n_fitted} (P, n) pairs of {what} up to {heldout.limit:.5g} errs"
    )
    reason += f" by {100 * heldout.error:.1f} % (median, signed {100 * heldout.drift:+.1f} %)"
    reason += f" on {heldout.n_heldout} beyond; best cell {law.best:.2f} ({law.best_cell})"
    return 0.0, (heldout.error, *heldout.ends(among)), (0.0, MOST_ERROR), reason


PREDICTION = Prediction(
    "capacity_law",
    "evidence",
    "cells",
    "bits per fact are c P / n, with c of small networks and loads for large ones",
    capacity_law,
    30,
)
