"""Prediction: networks at their plateau give up no fact."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.by_cell import CellResult, verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.ladders import ladders_of
from bitsperfact.analysis.predictions import Prediction

#: Share of facts that counts as none.
NONE = 0.02


def never_forgets(evidence: Evidence) -> Iterator[Verdict]:
    """Judge that facts are not given up: at most 2 % lie below the threshold of the nearest channel.

    The optimum of Guo & Li 2026 (arXiv 2602.00906) accepts every fact, at any budget. Stricter than
    `facts_are_not_forgotten`, since networks of one's own have met all facts alike.
    """
    ladders = ladders_of(evidence)
    among = ladders.n_finished()
    for ladder in ladders.each():
        each = [
            CellResult(name, 0.0, ladders.shared(name, "channel_miss_rate", among), -math.inf, NONE)
            for name in ladder.cells["model"]
        ]
        yield from verdicts(ladders, ladder, "never_forgets", each, "share of facts missed")


PREDICTION = Prediction(
    "never_forgets", "evidence", "cells", "no fact that a network was trained on is given up", never_forgets, 42
)
