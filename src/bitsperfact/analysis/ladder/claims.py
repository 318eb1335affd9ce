"""Predictions on which claims are hallucinated, and on what must look like nothing."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.analysis.evidence import Measured, Verdict
from bitsperfact.analysis.ladder.evidence import LadderEvidence, Said, summed_up, within
from bitsperfact.analysis.ladder.measure import CONTROLS

#: log2 of the ratio that hallucination near facts may have to that far from them.
_NEAR_BITS = 0.5


def no_near_misses(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge the theory's assumption that all non-facts are alike, near a fact or not.

    `measured` is log2 of the share of non-facts one symbol from a fact that pass, over that of all non-facts.
    Predicted 0, half a bit off allowed. Where it is larger, near misses are hallucinated more often.
    """
    for architecture, objective, cells in evidence.ladders():
        said = [_near(evidence, name) for name in cells["cell"]]
        meaning = "log2 of hallucination one symbol from a fact over that elsewhere"
        yield from summed_up(evidence, "no_near_misses", architecture, objective, said, meaning)


def _near(evidence: LadderEvidence, cell: str) -> Said:
    near, far = evidence.number(cell, "q_star", "near-1"), evidence.number(cell, "q_star")
    if not (near.known and far.known) or min(near.value, far.value, near.lower, far.lower) <= 0:
        return Said(cell, 0.0, np.nan, np.nan, np.nan, "undecided")
    value = float(np.log2(near.value / far.value))
    lower, upper = (value + sign * _spread(near, far) for sign in (-1, 1))
    return Said(cell, 0.0, value, lower, upper, within(-_NEAR_BITS, _NEAR_BITS, lower, upper))


def _spread(near: Measured, far: Measured) -> float:
    return float(np.hypot(np.log2(near.upper / near.lower), np.log2(far.upper / far.lower)) / 2)


def no_bits_without_storing(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that only what stored the facts finds them: shuffled facts, and untrained networks, get no bits.

    `measured` is bits per fact; the interval must reach 0, which chance alone breaks in one cell of forty.
    """
    for architecture, objective, cells in evidence.ladders(None):
        for control in CONTROLS:
            said = []
            for name in cells["cell"]:
                bits = evidence.number(name, "bits_per_fact", control)
                said.append(
                    Said(name, 0.0, bits.value, bits.lower, bits.upper, within(0, 0, bits.lower, bits.upper))
                )
            what = {"shuffled": "shuffled facts", "untrained-fact": "facts before training"}[control]
            prediction = f"no_bits_without_storing_{control.partition('-')[0]}"
            yield from summed_up(evidence, prediction, architecture, objective, said, f"bits per fact of {what}")
