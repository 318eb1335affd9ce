"""`logprob`: log P(target | prefix), in nats, summed over the target's tokens."""

import pandas as pd

from bitsperfact.scoring.needs import same_for_all
from bitsperfact.scoring.readers.log_probabilities import LogProbabilities
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.score import Array, Score, ScoreInput


def conditional(claims: pd.DataFrame) -> list[Request]:
    """Return a claim's target after its prefix, one request each."""
    return [Request(p, t) for p, t in zip(claims["prefix"], claims["target"], strict=True)]


#: log P(target | prefix), one request per claim.
CONDITIONAL = same_for_all("conditional", LogProbabilities(), 1, conditional)


def _value(given: ScoreInput) -> Array:
    return given[CONDITIONAL]["logprob_sum"][:, 0]


SCORE = Score("logprob", "nats", (CONDITIONAL,), _value)
