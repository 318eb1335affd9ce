"""What a source of facts hands on: subjects, what is true of them, and what else would be plausible."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bitsperfact.claims.notes import Note
from bitsperfact.claims.shapes import AnswerShape

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Subject:
    """One entity and one question about it.

    `answers` become facts. `also_true` are true as well, or disputed, and never become a claim. `given` are
    false answers that came with the source. Answers of subjects of one `answer_type` can stand for each other.
    """

    group: str
    prefix: str
    answers: tuple[str, ...]
    answer_type: str = "answer"
    also_true: frozenset[str] = frozenset()
    given: tuple[str, ...] = ()

    @cached_property
    def truths(self) -> frozenset[str]:
        """Everything true of the subject, normalised."""
        return frozenset(normalised(text) for text in (*self.answers, *self.also_true))

    def is_true(self, answer: str) -> bool:
        """Return whether `answer` is true of the subject up to case, accents and spacing."""
        return normalised(answer) in self.truths


@dataclass(frozen=True)
class Facts:
    """All subjects of a set, in a fixed order.

    `source` names where the truth comes from. `taken` holds answers known to be true of something that is not
    among the subjects. `universe_size` (1, a count) is given where it is not the sum over subjects. `notes`: what
    of the source became no fact.
    """

    subjects: tuple[Subject, ...]
    source: str
    shape: AnswerShape | None = None
    taken: frozenset[str] = frozenset()
    universe_size: int | None = None
    notes: tuple[Note, ...] = ()
    answers_by_type: dict[str, list[str]] = field(init=False, repr=False)
    known: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_type: dict[str, list[str]] = {}
        for subject in self.subjects:
            by_type.setdefault(subject.answer_type, []).extend(subject.answers)
        known = {normalised(text) for text in self.taken}
        known.update(*(subject.truths for subject in self.subjects))
        object.__setattr__(self, "answers_by_type", by_type)
        object.__setattr__(self, "known", frozenset(known))

    @property
    def n_facts(self) -> int:
        """Number of facts in the whole set (1, a count)."""
        return sum(len(subject.answers) for subject in self.subjects)


@dataclass(frozen=True, eq=False)
class Statements:
    """Claims that come with their labels, in the columns of a claims table but for its ids and the set's name.

    They are their own universe, and none is made. `source` names where their truth comes from, `notes` what of it
    is no claim.
    """

    rows: "pd.DataFrame"
    source: str
    notes: tuple[Note, ...] = ()

    @property
    def n_facts(self) -> int:
        """Number of facts (1, a count)."""
        return int(self.rows["is_fact"].sum())


def normalised(text: str) -> str:
    """Return the text without what does not change its meaning here: case, accents and spacing."""
    if text.isascii():
        return " ".join(text.casefold().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def unambiguous(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """Drop every subject whose prefix, normalised, asks about another subject as well."""
    listed = list(subjects)
    seen: dict[str, int] = {}
    for subject in listed:
        key = normalised(subject.prefix)
        seen[key] = seen.get(key, 0) + 1
    return tuple(s for s in listed if seen[normalised(s.prefix)] == 1)


def absorbed(first: Subject, other: Subject) -> Subject:
    """Return the first of two subjects of one question, the other's truths spared and its given answers added."""
    truths = first.also_true | other.also_true | set(other.answers)
    return replace(first, also_true=truths, given=first.given + other.given)
