"""Predictions on which claims are hallucinated, and on what must look like nothing."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.analysis.evidence import Verdict, figure
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.measure import CONTROLS
from bitsperfact.analysis.ladder.said import Said, decisive, verdicts
from bitsperfact.analysis.ladder.simultaneous import log2_ratio, widened

#: log2 of the ratio that hallucination near facts may have to that far from them.
NEAR_BITS = 0.5
#: Distance of the AUC from 1/2 up to which an interval still says "nothing": two equal normal laws of such an AUC
#: are a tenth of a bit apart.
NO_ORDER = 0.1


def no_near_misses(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge the theory's assumption that all non-facts are alike, near a fact or not.

    `measured` is log2 of the share of non-facts one symbol from a fact that pass, over that of all non-facts.
    Predicted 0, half a bit off allowed. Where it is larger, near misses are hallucinated more often.
    """
    among = evidence.n_finished()
    for architecture, objective, cells in evidence.ladders():
        each = [_near(evidence, name, among) for name in cells["cell"]]
        meaning = "log2 of hallucination one symbol from a fact over that elsewhere"
        yield from verdicts(evidence, "no_near_misses", (architecture, objective), each, meaning)


def _near(evidence: LadderEvidence, cell: str, among: int) -> Said:
    near, far = evidence.number(cell, "q_star", "near-1").value, evidence.number(cell, "q_star").value
    value, ends = log2_ratio(
        near, evidence.share(cell, "q_star", among, "near-1"), far, evidence.share(cell, "q_star", among)
    )
    return Said(cell, 0.0, value, *ends, -NEAR_BITS, NEAR_BITS)


def no_bits_without_storing(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Check that only what stored the facts finds them: shuffled facts, and untrained networks, get nothing.

    By data processing no score tells these facts from non-facts, so this checks the instrument; whether training
    reached its plateau does not matter. `measured` is the AUC, predicted exactly 1/2, whose test sees .065 bits of
    a shift where the binned bits do not; bits that are surely above 0 break it too, and stand in its place then.
    """
    among = 2 * sum(len(cells) for *_, cells in evidence.ladders(None)) * len(CONTROLS)
    for architecture, objective, cells in evidence.ladders(None):
        for control in CONTROLS:
            each = [_nothing(evidence, name, control, among) for name in cells["cell"]]
            what = {"shuffled": "shuffled facts", "untrained-fact": "facts before training"}[control]
            prediction = f"no_bits_without_storing_{control.partition('-')[0]}"
            meaning = f"AUC (or bits per fact) of {what}"
            yield from verdicts(evidence, prediction, (architecture, objective), each, meaning, "check")


def _nothing(evidence: LadderEvidence, cell: str, control: str, among: int) -> Said:
    order, bits = evidence.number(cell, "auc", control), evidence.number(cell, "bits_per_fact", control)
    note = f"; {figure(bits.value)} bits"
    of_order = widened(order, among, 0.0, 1.0)
    parts = [Said(cell, 0.5, order.value, *of_order, 0.5 - NO_ORDER, 0.5 + NO_ORDER, exact=True, note=note)]
    if bits.known:
        ends = widened(bits, among)
        parts.append(Said(cell, 0.0, bits.value, *ends, -np.inf, np.inf, exact=True, note=" bits per fact"))
    return decisive(parts)
