"""The scores there are, by name, and which of them a claim set gets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bitsperfact.errors import BadInput
from bitsperfact.plugins import Room
from bitsperfact.scoring.score import Score
from bitsperfact.scoring.views import Unlabelled
from bitsperfact.tables import ModelInfo

ROOM = Room(
    "score", "bitsperfact.scoring.scores", "SCORE", "bitsperfact.scores", lambda part: isinstance(part, Score)
)

#: What a run scores with that names no score, in the order of its tables.
DEFAULT = ("logprob", "calibrated")

#: Was a score: expected and got.
_NO_TESTER = {
    "choice": (
        "one that does not know which claims are facts, such as logprob or calibrated",
        "odds against candidates of which exactly one is a fact; choice_accuracy is measured of every score",
    )
}


def names() -> list[str]:
    """Return the names of all scores, sorted."""
    return ROOM.names()


def score(name: str) -> Score:
    """Return the score called `name`, or `package.module:NAME`; raise BadInput if there is none."""
    if name in _NO_TESTER:
        raise BadInput(f"score {name}", *_NO_TESTER[name])
    found: Score = ROOM.find(name)
    return found


def check_fit(model: ModelInfo, scores: Iterable[Score], bos: str = "auto", chat: str = "auto") -> None:
    """Raise BadInput where a model is not of the kind that a score asks, or not under these policies."""
    for each in scores:
        for kind in (need.reader.kind for need in each.needs):
            if not kind.fits(model):
                raise BadInput(f"score {each.name}, model {model.name}", kind.what, model.architecture)
            for option, policy, known in (("--bos", bos, kind.bos), ("--chat", chat, kind.chat)):
                if policy not in known:
                    expected = f"{' or '.join(known)} for {kind.what}"
                    raise BadInput(f"{option}, model {model.name}", expected, repr(policy))


@dataclass(frozen=True)
class SkippedScore:
    """A default score that a claim set does not get; `reason` says what it lacks."""

    claim_set: str
    score: str
    reason: str


@dataclass(frozen=True)
class ScoresOfSet:
    """The scores of one claim set, and the default ones that it does not get."""

    scores: tuple[Score, ...]
    skipped: tuple[SkippedScore, ...] = ()


def scores_for(names: Sequence[str] | None, claims: Unlabelled) -> ScoresOfSet:
    """Return the scores called `names`, or those of `DEFAULT` that can be made of the claims where it is None.

    Raises BadInput where one that was named cannot be made of them.
    """
    scores, skipped = [], []
    for each in map(score, DEFAULT if names is None else names):
        try:
            each.check(claims)
        except BadInput as error:
            if names is not None:
                raise
            skipped.append(SkippedScore(claims.name, each.name, " ".join(str(error).split())))
        else:
            scores.append(each)
    return ScoresOfSet(tuple(scores), tuple(skipped))


def distinct(sets: Iterable[ScoresOfSet]) -> tuple[Score, ...]:
    """Return every score that some set gets, each once."""
    return tuple({score.name: score for each in sets for score in each.scores}.values())
