"""Predictions on which claims are hallucinated, and on what must look like nothing."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.analysis.evidence import Verdict, figure
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.measure import CONTROLS
from bitsperfact.analysis.ladder.said import Said, decisive, verdicts
from bitsperfact.analysis.ladder.simultaneous import log2_ratio, widened
from bitsperfact.tables import Kind

#: log2 of the ratio that hallucination near facts may have to that far from them.
NEAR_BITS = 0.5
#: Distance of the AUC from 1/2 up to which an interval still says "nothing": two equal normal laws of such an AUC
#: are a tenth of a bit apart.
NO_ORDER = 0.1
_UNTRAINED = "untrained-fact"


def no_near_misses(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge the theory's assumption that all non-facts are alike, near a fact or not.

    `measured` is log2 of the share of non-facts one symbol from a fact that pass, over that of all non-facts.
    Predicted 0, half a bit off allowed. Where it is larger, near misses are hallucinated more often.
    """
    among = evidence.n_finished()
    for architecture, objective, cells in evidence.ladders():
        each = [_near(evidence, name, among) for name in cells["model"]]
        meaning = "log2 of hallucination one symbol from a fact over that elsewhere"
        yield from verdicts(evidence, "no_near_misses", (architecture, objective), each, meaning)


def _near(evidence: LadderEvidence, cell: str, among: int) -> Said:
    near, far = evidence.number(cell, "q_star", "near-1").value, evidence.number(cell, "q_star").value
    value, ends = log2_ratio(
        near, evidence.share(cell, "q_star", among, "near-1"), far, evidence.share(cell, "q_star", among)
    )
    return Said(cell, 0.0, value, *ends, -NEAR_BITS, NEAR_BITS)


def no_bits_without_storing(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that only what stored the facts finds them: shuffled facts, and untrained networks, get nothing.

    `measured` is the AUC, whose test sees .065 bits of a shift where the binned bits do not. Before training it is
    exactly 1/2, by data processing: a check of the instrument, which needs no plateau, and which bits surely above
    0 break too (they stand in its place then). Shuffled facts have the symbols of the facts at each place, which
    a network may have stored instead (networks cut short have: AUC .54): evidence, a tenth off 1/2 allowed.
    """
    among = 2 * sum(len(cells) for *_, cells in evidence.ladders(None)) * len(CONTROLS)
    for architecture, objective, cells in evidence.ladders(None):
        for control in CONTROLS:
            each = [_nothing(evidence, name, control, among) for name in cells["model"]]
            what = {"shuffled": "shuffled facts", _UNTRAINED: "facts before training"}[control]
            prediction = f"no_bits_without_storing_{control.partition('-')[0]}"
            kind: Kind = "check" if control == _UNTRAINED else "evidence"
            yield from verdicts(evidence, prediction, (architecture, objective), each, f"AUC of {what}", kind)


def _nothing(evidence: LadderEvidence, cell: str, control: str, among: int) -> Said:
    order, bits = evidence.number(cell, "auc", control), evidence.number(cell, "bits_per_fact", control)
    exact, of_order = control == _UNTRAINED, widened(order, among, 0.0, 1.0)
    note = f"; {figure(bits.value)} bits per fact"
    parts = [Said(cell, 0.5, order.value, *of_order, 0.5 - NO_ORDER, 0.5 + NO_ORDER, exact, note)]
    if exact and bits.known:
        ends = widened(bits, among)
        parts.append(Said(cell, 0.0, bits.value, *ends, -np.inf, np.inf, exact, " bits per fact"))
    return decisive(parts)
