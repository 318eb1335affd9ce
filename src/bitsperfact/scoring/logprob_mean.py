"""`logprob_mean`: log P(target | prefix) per token of the target, in nats."""

import pandas as pd

from bitsperfact.scoring.registry import Answers, Array, TokenScore
from bitsperfact.scoring.requests import CONDITIONAL


def _value(claims: pd.DataFrame, answers: dict[str, Answers]) -> Array:
    del claims
    conditional = answers[CONDITIONAL.name]
    return conditional.logprob_sum[:, 0] / conditional.n_tokens[:, 0]


SCORE = TokenScore("logprob_mean", "nats", (CONDITIONAL,), _value)
