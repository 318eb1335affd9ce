"""Prediction: every fact gets the same bits."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, quantity, verdicts

#: Bits that count as none: scores of facts are twice as likely among non-facts as the mean, or half.
MOST_BITS = 1.0

_SHAPE = ScoreShape(
    "facts_get_equal_bits",
    0.0,
    -math.inf,
    MOST_BITS,
    "standard deviation of the bits that single facts show",
    "spreading: some facts get more bits than others, and the channel would give all the same",
    quantity("spread"),
)


def facts_get_equal_bits(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that facts do not differ in their bits: `spread` at most 1 bit, predicted 0.

    The spread is the standard deviation over facts of log2 of the likelihood ratio, 0 only at the hallucination
    channel (derived in this project; the channel is the optimum of Guo & Li 2026, arXiv 2602.00906). The optimum
    for facts that are met unequally often is uneven between facts stored and forgotten, see
    `facts_are_not_forgotten`.
    """
    yield from verdicts(evidence, _SHAPE)


PREDICTION = Prediction(
    "facts_get_equal_bits", "evidence", "models", "every fact gets the same bits", facts_get_equal_bits, 4
)
