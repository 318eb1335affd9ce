"""`calibrated`: log P(target | prefix) less its mean over other subjects of the same template, in nats.

With reference prefixes r_1..r_R, value = log P(t | prefix) - (1/R) sum_k log P(t | r_k). The mean is what the
model says of a target whoever the subject is, so that an answer that it finds likely everywhere does not pass for
known. After batch calibration (Zhou et al. 2023, arXiv 2309.17249), with the mean of logarithms in place of the
logarithm of the mean, and domain-conditional PMI (Holtzman et al. 2021, arXiv 2104.08315), with other subjects for
the domain.

A tester may use neither labels nor that facts exclude each other. The references are chosen without labels (see
`references`), and a mean of logarithms moves by O(1/R) if a target is true of a reference; the logarithm of the
mean, which its largest term rules, tells by elimination, the more so the larger R.
"""

import math

import numpy as np
import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.scoring.needs import Need
from bitsperfact.scoring.readers.log_probabilities import LogProbabilities
from bitsperfact.scoring.references import references
from bitsperfact.scoring.requests import Request, RequestBuilder
from bitsperfact.scoring.score import Array, Score, ScoreInput
from bitsperfact.scoring.scores.logprob import CONDITIONAL
from bitsperfact.scoring.views import Unlabelled

#: R, where targets are shared by many claims: docs/scores.md has 8 and more.
N_REFERENCES = 8
#: Requests for a claim, on average, beyond which there are fewer references: codes are candidates once each.
REQUESTS_PER_CLAIM = 2.0


def elsewhere(most: int, requests_per_claim: float = math.inf) -> Need:
    """Return the need of log P(target | r) for at most `most` references r; see `references` for fewer."""

    def builder(claims: Unlabelled) -> RequestBuilder:
        chosen = references(claims, most, requests_per_claim)

        def build(batch: pd.DataFrame) -> list[Request]:
            pairs = zip(batch["group"], batch["prefix"], strict=True)
            of = {pair: chosen.of(*pair) for pair in dict.fromkeys(pairs)}
            rows = zip(batch["group"], batch["prefix"], batch["target"], strict=True)
            return [Request(other, target) for group, prefix, target in rows for other in of[group, prefix]]

        return RequestBuilder(chosen.n, build)

    return Need(f"elsewhere@{most}", LogProbabilities(), builder, every=False)


def calibrated(name: str, most: int, requests_per_claim: float = math.inf) -> Score:
    """Return the score with at most `most` references, under a name."""
    others = elsewhere(most, requests_per_claim)

    def value(given: ScoreInput) -> Array:
        return given[CONDITIONAL]["logprob_sum"][:, 0] - _mean_of_known(given[others]["logprob_sum"])

    return Score(name, "nats", (CONDITIONAL, others), value, _check)


def _mean_of_known(nats: Array) -> Array:
    """Return the mean of each row's numbers, NaN where it has none: a reference may be too long for a model."""
    known = np.isfinite(nats)
    n = np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    mean: Array = np.where(known, nats, 0.0).sum(axis=1) / n
    return mean


def _check(claims: Unlabelled) -> None:
    prefixes: set[str] = set()
    for batch in claims.batches(["prefix"]):
        prefixes.update(batch["prefix"].drop_duplicates().head(2))
        if len(prefixes) > 1:
            return
    where = f"score calibrated, claim set {claims.name}"
    raise BadInput(where, "claims of several prefixes, to compare one with others", f"{prefixes.pop()!r} alone")


SCORE = calibrated("calibrated", N_REFERENCES, REQUESTS_PER_CLAIM)
