"""Assumption of the theory: all non-facts are alike, near a fact or not."""

from collections.abc import Iterator

from bitsperfact.analysis.by_cell import CellResult, verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.ladders import Ladders, ladders_of
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import log2_ratio, shared

#: log2 of the ratio that hallucination near facts may have to that far from them.
NEAR_BITS = 0.5


def no_near_misses(evidence: Evidence) -> Iterator[Verdict]:
    """Judge that non-facts one symbol from a fact are hallucinated as often as any.

    `measured` is log2 of the share of them that pass at 95 % recall of the facts, over that of all non-facts.
    Predicted 0, half a bit off allowed. Where it is larger, near misses are hallucinated more often.
    """
    ladders = ladders_of(evidence)
    among = ladders.n_finished()
    for ladder in ladders.each():
        each = [_near(ladders, name, among) for name in ladder.cells["model"]]
        meaning = "log2 of hallucination one symbol from a fact over that elsewhere"
        yield from verdicts(ladders, ladder, "no_near_misses", each, meaning)


def _near(ladders: Ladders, cell: str, among: int) -> CellResult:
    near = shared(ladders.beside(cell, "hallucination_rate", "near", 1), max(among, 1))
    ratio = log2_ratio(near, ladders.shared(cell, "hallucination_rate", among))
    return CellResult(cell, 0.0, ratio, -NEAR_BITS, NEAR_BITS)


PREDICTION = Prediction(
    "no_near_misses",
    "evidence",
    "cells",
    "non-facts near a fact are hallucinated no more often",
    no_near_misses,
    46,
)
