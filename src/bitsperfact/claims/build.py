"""From a recipe to rows: read the facts, make the non-facts, count the universe."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from bitsperfact import tables
from bitsperfact.claims.negatives import Answers, Generator, derangement, fresh, near
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import Magnitude
from bitsperfact.claims.subjects import Facts, Subject
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.rows import BATCH_ROWS

MAKERS: dict[str, Callable[[Facts, int, Generator], Answers]] = {
    "derangement": derangement.made,
    "near": near.made,
    "fresh": fresh.made,
}


def read_facts(recipe: Recipe) -> Facts:
    """The facts of a recipe; raise BadInput where its source is missing or holds none."""
    facts: Facts = import_module(f"bitsperfact.claims.sources.{recipe.kind}").read(recipe)
    if not facts.subjects:
        raise BadInput(recipe.path, "at least one fact", "none")
    return facts


def batches(
    recipe: Recipe, facts: Facts, strata: Sequence[str], k: int, seed: int, limit: int | None
) -> Iterator[pd.DataFrame]:
    """The claims of the sampled subjects, batch by batch; raise BadInput where no non-fact can be made at all."""
    makers = {
        stratum: make(facts, k, partial(_generator, recipe.name, stratum, seed))
        for stratum, make in MAKERS.items()
        if stratum in strata
    }
    given = k if "given" in strata else 0
    chosen = sample(facts.subjects, seed, limit)
    listed = (row for at in chosen for row in _claims(recipe, facts, at, given, makers))
    any_nonfact = False
    while batch := list(islice(listed, BATCH_ROWS)):
        any_nonfact = any_nonfact or not all(row[2] for row in batch)
        frame = pd.DataFrame(batch, columns=["prefix", "target", "is_fact", "grade", "stratum", "group"])
        identities = [tables.claim_id(recipe.name, row[0], row[1]) for row in batch]
        yield frame.assign(claim_set=recipe.name, source=facts.source, claim_id=identities)
    if not any_nonfact:
        raise BadInput(recipe.path, f"candidates for non-facts of {', '.join(strata)}", "none")


def sample(subjects: Sequence[Subject], seed: int, limit: int | None) -> list[int]:
    """Places of subjects with `limit` facts or just more, in source order; `seed` alone decides whose."""
    if limit is None:
        return list(range(len(subjects)))
    kept: set[int] = set()
    n_facts = 0
    for at in shuffled([subject.prefix + subject.group for subject in subjects], seed):
        if n_facts >= limit:
            break
        kept.add(at)
        n_facts += len(subjects[at].answers)
    return sorted(kept)


def shuffled(keys: Sequence[str], seed: int) -> list[int]:
    """Indices of `keys` in an order that depends on each key's text and the seed, not on its neighbours."""
    return sorted(range(len(keys)), key=lambda at: (sha256_of_text(str(seed), keys[at]), at))


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
