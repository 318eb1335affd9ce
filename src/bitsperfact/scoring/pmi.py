"""`pmi`: pointwise mutual information of prefix and target, log P(target | prefix) - log P(target), in nats.

Subtracting the target's own log-probability removes what makes some answers likely after any prefix (Holtzman et
al. 2021, "Surface Form Competition", arXiv 2104.08315, with the start token as the neutral context).
"""

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.scoring.registry import Answers, Array, TokenScore, Unlabelled
from bitsperfact.scoring.requests import CONDITIONAL, Family, Request


def _unconditional(claims: pd.DataFrame) -> list[Request]:
    bare = claims["prefix"] == ""
    if bare.any():
        where = f"score pmi, claim set {claims['claim_set'].iloc[0]}"
        raise BadInput(where, "claims with a prefix", f"{int(bare.sum())} claims without one")
    return [Request("", target) for target in claims["target"]]


UNCONDITIONAL = Family("unconditional", 1, _unconditional)


def _value(claims: Unlabelled, answers: dict[str, Answers]) -> Array:
    del claims
    return answers[CONDITIONAL.name].logprob_sum[:, 0] - answers[UNCONDITIONAL.name].logprob_sum[:, 0]


SCORE = TokenScore("pmi", "nats", (CONDITIONAL, UNCONDITIONAL), _value)
