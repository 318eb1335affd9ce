"""Check: the measured hallucination rate is that which a model has by construction."""

from bitsperfact.analysis.known import agreement
from bitsperfact.analysis.predictions import Prediction

#: log2 of the ratio of the known value and either end of an interval that supports it.
CLOSE_BITS = 0.5

PREDICTION = Prediction(
    "known_hallucination",
    "check",
    "known",
    "the measured hallucination rate is that which the model has by construction",
    agreement(
        "known_hallucination",
        "hallucination_rate",
        lambda known: (known * 2**-CLOSE_BITS, known * 2**CLOSE_BITS),
    ),
    71,
)
