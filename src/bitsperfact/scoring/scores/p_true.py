"""`p_true`: log-odds of "True" against "False" when the model is asked whether the claim is true.

After Kadavath et al. 2022, "Language Models (Mostly) Know What They Know", arXiv 2207.05221. Both answers are
continuations of one prompt, so they are computed from one row of the model. A model with a chat template is asked
in it: one that was trained to answer there puts little of its mass on either word in plain text.
"""

import pandas as pd

from bitsperfact.scoring.needs import same_for_all
from bitsperfact.scoring.readers.log_probabilities import LogProbabilities
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.score import Array, Score, ScoreInput

_PLAIN, _IN_CHAT = "\nAnswer:", "\nAnswer with True or False."
PROMPT = f"Is the following statement true or false?\nStatement: {{text}}{_PLAIN}"


def _judgement(claims: pd.DataFrame) -> list[Request]:
    requests: list[Request] = []
    for prefix, target in zip(claims["prefix"], claims["target"], strict=True):
        # `replace`, not `format`: a claim may contain braces.
        prompt = PROMPT.replace("{text}", (prefix + target).strip())
        requests += [Request(prompt, " True"), Request(prompt, " False")]
    return requests


JUDGEMENT = same_for_all("judgement", LogProbabilities((_PLAIN, _IN_CHAT)), 2, _judgement)


def _value(given: ScoreInput) -> Array:
    logprob_nats: Array = given[JUDGEMENT]["logprob_sum"]
    return logprob_nats[:, 0] - logprob_nats[:, 1]


SCORE = Score("p_true", "log-odds", (JUDGEMENT,), _value)
