"""`pmi`: pointwise mutual information of prefix and target, log P(target | prefix) - log P(target), in nats.

Subtracting the target's own log-probability removes what makes some answers likely after any prefix (Holtzman et
al. 2021, "Surface Form Competition", arXiv 2104.08315, with the start token as the neutral context). Both terms
are of the very tokens that the target has in the claim: on its own it may be cut into others.
"""

from bitsperfact.errors import BadInput
from bitsperfact.scoring.needs import same_for_all
from bitsperfact.scoring.readers.log_probabilities import UnconditionalLogProbabilities
from bitsperfact.scoring.score import Array, Score, ScoreInput
from bitsperfact.scoring.scores.logprob import CONDITIONAL, conditional
from bitsperfact.scoring.views import Unlabelled

UNCONDITIONAL = same_for_all("unconditional", UnconditionalLogProbabilities(), 1, conditional)


def _check(claims: Unlabelled) -> None:
    n_bare = sum(int((batch["prefix"] == "").sum()) for batch in claims.batches(["prefix"]))
    if n_bare:
        where = f"score pmi, claim set {claims.name}"
        raise BadInput(where, "claims with a prefix", f"{n_bare} claims without one")


def _value(given: ScoreInput) -> Array:
    pmi: Array = given[CONDITIONAL]["logprob_sum"][:, 0] - given[UNCONDITIONAL]["logprob_sum"][:, 0]
    return pmi


SCORE = Score("pmi", "nats", (CONDITIONAL, UNCONDITIONAL), _value, _check)
