"""`pmi`: pointwise mutual information of prefix and target, log P(target | prefix) - log P(target), in nats.

Subtracting the target's own log-probability removes what makes some answers likely after any prefix (Holtzman et
al. 2021, "Surface Form Competition", arXiv 2104.08315, with the start token as the neutral context).
"""

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.scoring.registry import Answers, Array, TokenScore
from bitsperfact.scoring.requests import CONDITIONAL, Request, alike
from bitsperfact.scoring.unlabelled import Unlabelled


def _unconditional(claims: pd.DataFrame) -> list[Request]:
    return [Request("", target) for target in claims["target"]]


UNCONDITIONAL = alike("unconditional", 1, _unconditional)


def _check(claims: Unlabelled) -> None:
    n_bare = sum(int((batch["prefix"] == "").sum()) for batch in claims.batches(["prefix"]))
    if n_bare:
        where = f"score pmi, claim set {claims.name}"
        raise BadInput(where, "claims with a prefix", f"{n_bare} claims without one")


def _value(claims: Unlabelled, answers: dict[str, Answers]) -> Array:
    del claims
    return answers[CONDITIONAL.name].logprob_sum[:, 0] - answers[UNCONDITIONAL.name].logprob_sum[:, 0]


SCORE = TokenScore("pmi", "nats", (CONDITIONAL, UNCONDITIONAL), _value, _check)
