"""Which scores a claim set gets: those asked for, or of the default ones those that can be made of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bitsperfact.errors import BadInput
from bitsperfact.scoring.registry import DEFAULT, score
from bitsperfact.scoring.unlabelled import Unlabelled


@dataclass(frozen=True)
class LeftOut:
    """A default score that a claim set does not get; `reason` says what it lacks."""

    claim_set: str
    score: str
    reason: str


@dataclass(frozen=True)
class Chosen:
    """The scores of one claim set, and those left out."""

    scores: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


def chosen(asked: Sequence[str] | None, claims: Unlabelled) -> Chosen:
    """The scores `asked` for, or those of `DEFAULT` that can be made of the claims where none is (None).

    Raises BadInput where one that was asked for cannot be made of them.
    """
    scores, left_out = [], []
    for name in DEFAULT if asked is None else asked:
        try:
            score(name).check(claims)
        except BadInput as error:
            if asked is not None:
                raise
            left_out.append(LeftOut(claims.name, name, " ".join(str(error).split())))
        else:
            scores.append(name)
    return Chosen(tuple(scores), tuple(left_out))


def names_of(sets: Iterable[Chosen]) -> tuple[str, ...]:
    """Every score that some set gets, each once."""
    return tuple(dict.fromkeys(name for each in sets for name in each.scores))
