"""Prediction: no score tells a fact from non-facts much better than scores of facts do on average."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, quantity, verdicts

#: Evenness that counts as 1: bits in the mean are at least four fifths of the most that a fact shows.
LEAST = 0.8

_SHAPE = ScoreShape(
    "scores_are_even",
    1.0,
    LEAST,
    math.inf,
    "bits per fact are this share of the bits that the most telling score shows",
    "spreading: some facts are told far more surely than the mean, and the channel would tell all alike",
    quantity("evenness"),
)


def scores_are_even(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that all facts show the same bits: `evenness` at least 0.8, predicted 1.

    Evenness is KL over the largest log-likelihood ratio of facts against non-facts, and 1 only at the
    hallucination channel (derived in this project; the channel is the optimum of Guo & Li 2026, arXiv 2602.00906).
    """
    yield from verdicts(evidence, _SHAPE)


PREDICTION = Prediction(
    "scores_are_even",
    "evidence",
    "models",
    "no fact is told much more surely than facts are on average",
    scores_are_even,
    3,
)
