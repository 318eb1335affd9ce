"""`logprob_mean`: log P(target | prefix) per token of the target, in nats."""

from bitsperfact.scoring.registry import Answers, Array, TokenScore
from bitsperfact.scoring.requests import CONDITIONAL
from bitsperfact.scoring.unlabelled import Unlabelled


def _value(claims: Unlabelled, answers: dict[str, Answers]) -> Array:
    del claims
    conditional = answers[CONDITIONAL.name]
    return conditional.logprob_sum[:, 0] / conditional.n_tokens[:, 0]


SCORE = TokenScore("logprob_mean", "nats", (CONDITIONAL,), _value)
