"""What a score is: what it needs of a model, and how the answers become numbers. One file each in `scores`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Integer
from numpy.typing import NDArray

from bitsperfact.scoring.needs import Need
from bitsperfact.scoring.views import Unlabelled

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """The answers to one need: of each distinct request in `columns`, and which are each claim's in `slots`.

    Columns are those of the need's reader, each of shape (n_requests, ...).
    """

    columns: Mapping[str, NDArray[Any]]
    slots: Integer[NDArray[np.integer[Any]], "claims per_claim"]

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return one column for each claim's requests: shape (n_claims, per_claim, ...)."""
        found: NDArray[Any] = self.columns[column][self.slots]
        return found


@dataclass(frozen=True)
class ScoreInput:
    """What a score is made of: `claims` (with labels for a supervised score alone), answers, the run's `seed`."""

    claims: Unlabelled
    answers: Mapping[str, Answers]
    seed: int = 0

    def __getitem__(self, need: Need) -> Answers:
        """Return the answers to one of the score's needs."""
        return self.answers[need.name]


def any_claims(claims: Unlabelled) -> None:
    """Refuse no claim set."""


@dataclass(frozen=True)
class Score:
    """A number for each claim, made of what a model answers.

    `needs`, at least one, say what is asked, and thereby which models fit. `value` returns one number for
    each claim, shape (n_claims,), any real, in `unit`. It may depend on the claim, the model and the texts of the
    set, but not on which claims are facts, nor may it take from one claim's truth that another is false: only then
    do bits bound memory. A `supervised` score is handed the labels; it must not let a claim's own entity or target
    inform its value. The raw sums and counts in the scores table are those of the first request of the first need.
    `check` raises BadInput for claims that the score cannot be made of.
    """

    name: str
    unit: Literal["nats", "log-odds"]
    needs: tuple[Need, ...]
    value: Callable[[ScoreInput], Array]
    check: Callable[[Unlabelled], None] = any_claims
    supervised: bool = False
