"""What a score asks of a model: log-probabilities of continuations, in named families that scores share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from bitsperfact.scoring.unlabelled import Unlabelled


class Request(NamedTuple):
    """One question to a causal language model: log P(continuation | context).

    `context` may be empty: the continuation is then conditioned on the model's start token alone.
    """

    context: str
    continuation: str


#: Claims in a batch -> their requests, claim by claim.
Build = Callable[[pd.DataFrame], Sequence[Request]]


@dataclass(frozen=True)
class Form:
    """What a family asks about one claim set: `build` makes `per_claim` requests for each claim."""

    per_claim: int
    build: Build


@dataclass(frozen=True)
class Family:
    """Requests that are computed and stored together, as many for each claim of a set.

    `form` surveys the claims of a set, without their labels, and says what is asked about them. Scores name the
    families they read; two scores that name the same family share its computation.
    """

    name: str
    form: Callable[[Unlabelled], Form]


def alike(name: str, per_claim: int, build: Build) -> Family:
    """A family that asks the same about a claim whatever else is in its set."""
    form = Form(per_claim, build)
    return Family(name, lambda _: form)


def _conditional(claims: pd.DataFrame) -> list[Request]:
    return [Request(p, t) for p, t in zip(claims["prefix"], claims["target"], strict=True)]


#: log P(target | prefix), one request per claim.
CONDITIONAL = alike("conditional", 1, _conditional)
