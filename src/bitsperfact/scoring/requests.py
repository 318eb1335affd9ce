"""What a score asks of a model: log-probabilities of continuations, in named families that scores share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd


class Request(NamedTuple):
    """One question to a causal language model: log P(continuation | context).

    `context` may be empty: the continuation is then conditioned on the model's start token alone.
    """

    context: str
    continuation: str


@dataclass(frozen=True)
class Family:
    """Requests that are computed and stored together, `per_claim` of them for each claim.

    Scores name the families they read; two scores that name the same family share its computation.
    """

    name: str
    per_claim: int
    build: Callable[[pd.DataFrame], Sequence[Request]]  # claim by claim, `per_claim` requests each


def _conditional(claims: pd.DataFrame) -> list[Request]:
    return [Request(p, t) for p, t in zip(claims["prefix"], claims["target"], strict=True)]


#: log P(target | prefix), one request per claim.
CONDITIONAL = Family("conditional", 1, _conditional)
