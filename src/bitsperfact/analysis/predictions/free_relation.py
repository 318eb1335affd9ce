"""Prediction: confidence and hallucination are tied by the weight of facts alone, whatever the capacity."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bitsperfact.analysis.by_cell import CellResult, verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.ladders import ladders_of
from bitsperfact.analysis.predictions import Prediction

#: Bits by which log2 of q x*/(1-x*) may be off: a factor of 1.4.
FREE_BITS = 0.5


def free_relation(evidence: Evidence) -> Iterator[Verdict]:
    """Judge q x*/(1-x*) = a/(1-a), in log2: no capacity enters, only the weight a of facts in the loss.

    The optimum of Guo & Li 2026 (arXiv 2602.00906) at any budget; half a bit off is allowed. Cells with fewer than
    ten hallucinations decide nothing.
    """
    ladders = ladders_of(evidence)
    among = ladders.n_finished(None, "membership")
    for ladder in ladders.each(None, "membership"):
        for weight in sorted(float(a) for a in ladder.cells["fact_weight"].unique()):
            part = replace(ladder, cells=ladder.cells[ladder.cells["fact_weight"] == weight])
            ideal = float(np.log2(weight / (1 - weight)))
            each = [
                CellResult(
                    name, ideal, ladders.shared(name, "own_odds", among), ideal - FREE_BITS, ideal + FREE_BITS
                )
                for name in part.cells["model"]
            ]
            meaning = f"log2 of q x*/(1-x*) at a = {weight:g}"
            yield from verdicts(ladders, part, f"free_relation_a{weight:g}", each, meaning)


PREDICTION = Prediction(
    "free_relation",
    "evidence",
    "cells",
    "hallucinations times the odds of confidence are the odds of a fact in the loss",
    free_relation,
    40,
)
