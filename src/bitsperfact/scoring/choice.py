"""`choice`: log-odds of a target against all other candidates of the same subject.

With candidates t_1..t_k of one prefix, value_i = log P(t_i) - log sum_{j != i} P(t_j): the log-odds that a model
gives t_i when one of the candidates must be said. Unlike log P it does not depend on how likely the subject makes
any answer at all, and unlike P it never saturates.
"""

import numpy as np
import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.scoring.registry import Answers, Array, TokenScore
from bitsperfact.scoring.requests import CONDITIONAL


def _value(claims: pd.DataFrame, answers: dict[str, Answers]) -> Array:
    logprob_nats = answers[CONDITIONAL.name].logprob_sum[:, 0]
    odds = np.empty_like(logprob_nats)
    for rows in claims.groupby(["claim_set", "group", "prefix"], sort=False).indices.values():
        if len(rows) < 2:
            alone = claims.iloc[rows[0]]
            where = f"score choice, claim set {alone['claim_set']}, subject {alone['group']}"
            raise BadInput(where, "at least 2 candidates with the same prefix (or --score logprob)", "1")
        odds[rows] = log_odds_against_rest(logprob_nats[rows])
    return odds


def log_odds_against_rest(logprob_nats: Array) -> Array:
    """Log-odds of each of k >= 2 alternatives against the others together: shape (k,) nats -> (k,) log-odds.

    The sum leaves each alternative out by masking, not by subtracting it from the total: where one alternative
    holds nearly all the probability, the subtraction would cancel and saturate.
    """
    others = np.broadcast_to(logprob_nats, (len(logprob_nats), len(logprob_nats))).copy()
    np.fill_diagonal(others, -np.inf)
    return logprob_nats - np.asarray(np.logaddexp.reduce(others, axis=1), dtype=np.float64)


SCORE = TokenScore("choice", "log-odds", (CONDITIONAL,), _value)
