"""What a score needs asked: requests of each claim, and the reader that answers them."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from bitsperfact.scoring.reader import Reader
from bitsperfact.scoring.requests import Build, Request, RequestBuilder
from bitsperfact.scoring.views import Unlabelled


@dataclass(frozen=True)
class Need:
    """Requests that are answered and stored together, as many for each claim of a set, and their `reader`.

    `builder` surveys the claims of a set, without their labels, and says what is asked about them. Requests are
    sorted by text, each once; `whole` ones, each a claim as one text without context, stay in the order of the
    claims. Scores with the same need share its answers; shards are named by it, so a name means one thing. A
    claim is set aside where one of its requests is too long for a model or, unless `every` one is needed, all are.
    """

    name: str
    reader: Reader
    builder: Callable[[Unlabelled], RequestBuilder]
    whole: bool = False
    every: bool = True


def same_for_all(name: str, reader: Reader, per_claim: int, build: Build) -> Need:
    """Return a need that asks the same about a claim whatever else is in its set."""
    builder = RequestBuilder(per_claim, build)
    return Need(name, reader, lambda _: builder)


def whole_claims(name: str, reader: Reader) -> Need:
    """Return a need that asks about each claim as one text: prefix and target together."""
    builder = RequestBuilder(1, _texts)
    return Need(name, reader, lambda _: builder, whole=True)


def _texts(claims: pd.DataFrame) -> list[Request]:
    return [Request("", text) for text in claims["prefix"] + claims["target"]]
