"""Prediction: no fact is given up."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, quantity, verdicts

#: Share of facts that counts as none.
MOST = 0.02

_SHAPE = ScoreShape(
    "facts_are_not_forgotten",
    0.0,
    -math.inf,
    MOST,
    "share of facts that look like non-facts",
    "forgetting: facts were given up, which the optimum does only to facts that it met more rarely than others",
    quantity("forgotten_share"),
)


def facts_are_not_forgotten(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that no facts look just like non-facts: at most 2 %, predicted 0.

    At the optimum for facts that matter alike (Guo & Li 2026, arXiv 2602.00906) every fact is accepted, however
    small the memory. Where some facts are met more rarely, the optimum forgets those (derived in this project):
    `violated` then says that the facts of the set are no equals to the model, not that it wastes memory.
    """
    yield from verdicts(evidence, _SHAPE)


PREDICTION = Prediction(
    "facts_are_not_forgotten", "evidence", "models", "no fact looks like a non-fact", facts_are_not_forgotten, 5
)
