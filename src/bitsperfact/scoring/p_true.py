"""`p_true`: log-odds of "True" against "False" when the model is asked whether the claim is true.

After Kadavath et al. 2022, "Language Models (Mostly) Know What They Know", arXiv 2207.05221. Both answers are
continuations of one prompt, so they are computed from one row of the model.
"""

import pandas as pd

from bitsperfact.scoring.registry import Answers, Array, TokenScore
from bitsperfact.scoring.requests import Request, alike
from bitsperfact.scoring.unlabelled import Unlabelled

PROMPT = "Is the following statement true or false?\nStatement: {text}\nAnswer:"


def _judgement(claims: pd.DataFrame) -> list[Request]:
    asked: list[Request] = []
    for prefix, target in zip(claims["prefix"], claims["target"], strict=True):
        # `replace`, not `format`: a claim may contain braces.
        prompt = PROMPT.replace("{text}", (prefix + target).strip())
        asked += [Request(prompt, " True"), Request(prompt, " False")]
    return asked


JUDGEMENT = alike("judgement", 2, _judgement)


def _value(claims: Unlabelled, answers: dict[str, Answers]) -> Array:
    del claims
    logprob_nats = answers[JUDGEMENT.name].logprob_sum
    return logprob_nats[:, 0] - logprob_nats[:, 1]


SCORE = TokenScore("p_true", "log-odds", (JUDGEMENT,), _value)
