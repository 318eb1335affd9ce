"""`logprob`: log P(target | prefix), in nats, summed over the target's tokens."""

from bitsperfact.scoring.registry import Answers, Array, TokenScore
from bitsperfact.scoring.requests import CONDITIONAL
from bitsperfact.scoring.unlabelled import Unlabelled


def _value(claims: Unlabelled, answers: dict[str, Answers]) -> Array:
    del claims
    return answers[CONDITIONAL.name].logprob_sum[:, 0]


SCORE = TokenScore("logprob", "nats", (CONDITIONAL,), _value)
