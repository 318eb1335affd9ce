"""Prediction: networks at their plateau leave no claim open."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.by_cell import CellResult, verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.ladders import ladders_of
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.predictions.no_abstaining import MOST_ACCEPTED

#: Share of claims that counts as none.
NONE = 0.02


def never_abstains(evidence: Evidence) -> Iterator[Verdict]:
    """Judge that scores do not gather in the middle: at most 2 % of claims, beside those that the channel puts
    there.

    The channel itself puts facts and hallucinations at x* = 1/(1+q), which lies below 3/4 where q > 1/3; such
    cells are left out. Source: the optimum of Guo & Li 2026 (arXiv 2602.00906) has two scores.
    """
    ladders = ladders_of(evidence)
    among = ladders.n_finished()
    for ladder in ladders.each():
        each = [
            CellResult(name, 0.0, ladders.shared(name, "abstention_mass", among), -math.inf, NONE)
            for name in ladder.cells["model"]
            if ladders.number(name, "q_star").value < MOST_ACCEPTED
        ]
        meaning = "share of claims with a posterior between 1/4 and 3/4"
        yield from verdicts(ladders, ladder, "never_abstains", each, meaning)


PREDICTION = Prediction(
    "never_abstains", "evidence", "cells", "no claim is left open by a network at its plateau", never_abstains, 43
)
