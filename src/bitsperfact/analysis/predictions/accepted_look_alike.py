"""Prediction: among accepted claims nothing tells facts from hallucinations."""

from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, quantity, verdicts

#: How far from 1/2 an AUC counts as 1/2: of a fact and a hallucination 60 in 100 are ranked right.
TOLERANCE = 0.1

_SHAPE = ScoreShape(
    "accepted_look_alike",
    0.5,
    0.5 - TOLERANCE,
    0.5 + TOLERANCE,
    "chance that an accepted fact scores above an accepted non-fact",
    "spreading: scores still order what is accepted, where the channel knows no more than that it is accepted",
    quantity("auc_accepted"),
)


def accepted_look_alike(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that hallucinations score as facts do: AUC among accepted claims 1/2 +- 0.1.

    The hallucination channel (Guo & Li 2026, arXiv 2602.00906) gives accepted claims one score; what orders them
    costs memory that would accept fewer.
    """
    yield from verdicts(evidence, _SHAPE)


PREDICTION = Prediction(
    "accepted_look_alike", "evidence", "models", "nothing orders what is accepted", accepted_look_alike, 6
)
