"""What a model is asked about claims, as text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd


class Request(NamedTuple):
    """One question to a model, about a continuation of a context.

    `context` may be empty: the continuation then follows the model's start token alone.
    """

    context: str
    continuation: str


#: Claims in a batch -> their requests, claim by claim.
Build = Callable[[pd.DataFrame], Sequence[Request]]


@dataclass(frozen=True)
class RequestBuilder:
    """What is asked about one claim set: `build` makes `per_claim` requests for each claim."""

    per_claim: int
    build: Build
