"""`logprob_mean`: log P(target | prefix) per token of the target, in nats."""

from bitsperfact.scoring.score import Array, Score, ScoreInput
from bitsperfact.scoring.scores.logprob import CONDITIONAL


def _value(given: ScoreInput) -> Array:
    answers = given[CONDITIONAL]
    mean: Array = answers["logprob_sum"][:, 0] / answers["n_tokens"][:, 0]
    return mean


SCORE = Score("logprob_mean", "nats", (CONDITIONAL,), _value)
