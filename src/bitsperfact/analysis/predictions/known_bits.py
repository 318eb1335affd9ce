"""Check: measured bits are those that a model has by construction."""

from bitsperfact.analysis.known import agreement
from bitsperfact.analysis.predictions import Prediction

#: Bits between the known value and either end of an interval that supports it.
CLOSE_BITS = 0.5

PREDICTION = Prediction(
    "known_bits",
    "check",
    "known",
    "measured bits per fact are those that the model has by construction",
    agreement("known_bits", "bits_per_fact", lambda known: (known - CLOSE_BITS, known + CLOSE_BITS)),
    70,
)
