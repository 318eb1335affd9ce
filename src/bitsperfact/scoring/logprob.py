"""`logprob`: log P(target | prefix), in nats, summed over the target's tokens."""

import pandas as pd

from bitsperfact.scoring.registry import Answers, Array, TokenScore
from bitsperfact.scoring.requests import CONDITIONAL


def _value(claims: pd.DataFrame, answers: dict[str, Answers]) -> Array:
    del claims
    return answers[CONDITIONAL.name].logprob_sum[:, 0]


SCORE = TokenScore("logprob", "nats", (CONDITIONAL,), _value)
