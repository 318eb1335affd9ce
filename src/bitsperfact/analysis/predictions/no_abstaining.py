"""Prediction: scores do not gather in the middle."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Key, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, quantity, verdicts
from bitsperfact.analysis.sharing import shared

#: Share of claims, facts and non-facts weighing one half each, that counts as none.
MOST = 0.05
#: Where the channel accepts more non-facts than this its own x* = 1/(1+q) lies below 3/4, in the middle.
MOST_ACCEPTED = 1 / 3


def _obstacle(evidence: Evidence, key: Key, n_rows: int) -> str:
    accepted = shared(evidence.maybe(key, "q_star"), n_rows)
    if accepted.known and accepted.upper < MOST_ACCEPTED:
        return ""
    return "the channel itself may put its facts there, since a third of the non-facts may pass"


_SHAPE = ScoreShape(
    "no_abstaining",
    0.0,
    -math.inf,
    MOST,
    "share of claims with a posterior between 1/4 and 3/4",
    "abstaining: claims are left open, where the channel either accepts or rejects",
    quantity("abstention_mass"),
    _obstacle,
)


def no_abstaining(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that no score means "perhaps": abstention mass at most 5 %, predicted 0.

    The optimum has two scores (Guo & Li 2026, arXiv 2602.00906), of which one is x* = 1/(1+q) at even weights.
    Where q may be above 1/3 that lies in the middle too, and nothing is decided.
    """
    yield from verdicts(evidence, _SHAPE)


PREDICTION = Prediction("no_abstaining", "evidence", "models", "no score means perhaps", no_abstaining, 8)
