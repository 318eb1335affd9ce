"""From a recipe to rows: read the facts, make the non-facts, count the universe."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from bitsperfact import tables
from bitsperfact.claims.kinds import KINDS, SourceKind
from bitsperfact.claims.negatives import Answers, Generator, derangement, fresh, near
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.sampling import among, chosen_entities, questions
from bitsperfact.claims.shapes import Magnitude
from bitsperfact.claims.subjects import Facts, Statements, Subject
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.rows import BATCH_ROWS

MAKERS: dict[str, Callable[[Facts, int, Generator], Answers]] = {
    "derangement": derangement.made,
    "near": near.made,
    "fresh": fresh.made,
}


def read_source(recipe: Recipe) -> Facts | Statements:
    """Read the facts, or the labelled statements, of a recipe; raise BadInput where its source holds none."""
    kind: SourceKind = KINDS.find(recipe.kind)
    made = kind.read(recipe)
    if isinstance(made, Statements) and not 0 < made.n_facts < len(made.rows):
        raise BadInput(recipe.path, "both facts and non-facts", f"{made.n_facts} facts of {len(made.rows)}")
    if not made.n_facts:
        raise BadInput(recipe.path, "at least one fact", "none")
    return made


def batches(
    recipe: Recipe, facts: Facts, strata: Sequence[str], k: int, seed: int, limit: int | None
) -> Iterator[pd.DataFrame]:
    """Yield the claims of the sampled subjects, batch by batch; raise BadInput where no non-fact can be made."""
    makers = {
        stratum: make(facts, k, partial(_generator, recipe.name, stratum, seed))
        for stratum, make in MAKERS.items()
        if stratum in strata
    }
    given = k if "given" in strata else 0
    chosen = sampled(facts.subjects, seed, limit)
    listed = (row for at in chosen for row in _claims(recipe, facts, at, given, makers))
    any_nonfact = False
    while batch := list(islice(listed, BATCH_ROWS)):
        any_nonfact = any_nonfact or not all(row[2] for row in batch)
        frame = pd.DataFrame(batch, columns=["prefix", "target", "is_fact", "grade", "stratum", "group"])
        yield identified(frame.assign(source=facts.source), recipe.name)
    if not any_nonfact:
        raise BadInput(recipe.path, f"candidates for non-facts of {', '.join(strata)}", "none")


def labelled_batches(recipe: Recipe, made: Statements, seed: int, limit: int | None) -> Iterator[pd.DataFrame]:
    """Yield statements of the sampled entities as claims, batch by batch."""
    rows = made.rows
    if limit is not None:
        listed = questions(rows["group"], rows["prefix"], rows["is_fact"].to_numpy(), seed)
        rows = rows[among(rows["group"], chosen_entities([listed], limit))]
    for start in range(0, len(rows), BATCH_ROWS):
        batch = rows.iloc[start : start + BATCH_ROWS]
        yield identified(batch, recipe.name)


def identified(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give claims the name of their set, and their ids."""
    pairs = zip(frame["prefix"], frame["target"], strict=True)
    return frame.assign(claim_set=name, claim_id=[tables.claim_id(name, *pair) for pair in pairs])


def sampled(subjects: Sequence[Subject], seed: int, limit: int | None) -> list[int]:
    """Return places of the subjects that a sample of `limit` facts keeps, in source order."""
    if limit is None:
        return list(range(len(subjects)))
    groups = pd.Series([subject.group for subject in subjects], dtype=object)
    prefixes = pd.Series([subject.prefix for subject in subjects], dtype=object)
    n_facts = np.array([len(subject.answers) for subject in subjects])
    chosen = chosen_entities([questions(groups, prefixes, n_facts, seed)], limit)
    return [int(at) for at in np.flatnonzero(among(groups, chosen))]


def _claims(
    recipe: Recipe, facts: Facts, at: int, given: int, makers: Mapping[str, Answers]
) -> Iterator[tuple[Any, ...]]:
    subject = facts.subjects[at]
    for stratum, answer in _answers(subject, at, given, makers):
        is_fact = stratum == "fact"
        grade = (
            facts.shape.grade(subject.answers[0], answer) if isinstance(facts.shape, Magnitude) else float(is_fact)
        )
        target = recipe.filled(recipe.target, {"answer": answer})
        yield subject.prefix, target, is_fact, grade, stratum, subject.group


def _answers(subject: Subject, at: int, given: int, makers: Mapping[str, Answers]) -> Iterator[tuple[str, str]]:
    yield from (("fact", answer) for answer in subject.answers)
    yield from (("given", answer) for answer in subject.given[: given * len(subject.answers)])
    for stratum, answers in makers.items():
        yield from ((stratum, answer) for answer in answers(at))


def _generator(name: str, stratum: str, seed: int, *keys: str) -> np.random.Generator:
    # Keyed by the question itself, so that a subject's non-facts do not depend on which others are sampled.
    digest = sha256_of_text(name, *keys, stratum)
    return np.random.default_rng(np.random.SeedSequence([seed, int(digest[:32], 16)]))
