"""`choice`: log-odds of a target against all other candidates of the same subject.

With candidates t_1..t_k of one prefix, value_i = log P(t_i) - log sum_{j != i} P(t_j): the log-odds that a model
gives t_i when one of the candidates must be said. Unlike log P it does not depend on how likely the subject makes
any answer at all, and unlike P it never saturates.
"""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.rows import text_hashes
from bitsperfact.scoring.registry import Answers, Array, TokenScore, Unlabelled
from bitsperfact.scoring.requests import CONDITIONAL

Indices = NDArray[np.intp]


#: Numbers in the arrays that alternatives are compared in.
_AT_ONCE = 1 << 20


def _value(claims: Unlabelled, answers: dict[str, Answers]) -> Array:
    logprob_nats = answers[CONDITIONAL.name].logprob_sum[:, 0]
    odds = np.empty_like(logprob_nats)
    order, sizes, starts = _subjects(claims)
    if (sizes < 2).any():
        alone = claims.row(int(order[starts[sizes < 2]].min()), ["claim_set", "group"])
        where = f"score choice, claim set {alone['claim_set']}, subject {alone['group']}"
        raise BadInput(where, "at least 2 candidates with the same prefix (or --score logprob)", "1")
    for size in np.unique(sizes):
        same = starts[sizes == size]
        step = max(1, _AT_ONCE // int(size) ** 2)
        for first in range(0, len(same), step):
            rows = order[same[first : first + step, None] + np.arange(size)]
            odds[rows] = log_odds_against_rest(logprob_nats[rows])
    return odds


def _subjects(claims: Unlabelled) -> tuple[Indices, Indices, Indices]:
    """Rows ordered so that a subject's are neighbours; how many each subject has; where in the order it starts."""
    columns = ["claim_set", "group", "prefix"]
    hashes = [text_hashes(*(batch[c] for c in columns)) for batch in claims.batches(columns)]
    codes = np.concatenate(hashes)
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return order, np.diff(starts, append=len(codes)), starts


def log_odds_against_rest(logprob_nats: Array) -> Array:
    """Log-odds of each of k >= 2 alternatives against the others together: (..., k) nats -> (..., k) log-odds.

    The sum leaves each alternative out by masking, not by subtracting it from the total: where one alternative
    holds nearly all the probability, the subtraction would cancel and saturate.
    """
    k = logprob_nats.shape[-1]
    others = np.where(np.eye(k, dtype=bool), -np.inf, logprob_nats[..., None, :])
    return logprob_nats - np.asarray(np.logaddexp.reduce(others, axis=-1), dtype=np.float64)


SCORE = TokenScore("choice", "log-odds", (CONDITIONAL,), _value)
