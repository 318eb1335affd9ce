"""Derangement: an answer that is true of another subject of the same type."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.claims.subjects import Facts, Subject, normalised

_TRIES_PER_ANSWER = 4


def answers(subject: Subject, facts: Facts, k: int, rng: np.random.Generator) -> list[str]:
    """At most `k` distinct answers of other subjects, none true of this one.

    Subjects are drawn evenly, so a common answer is as common among non-facts as among facts (as far as k
    distinct ones allow): the answer alone does not give the truth away. Returns all there are if fewer than k.
    """
    pool = facts.answers_by_type[subject.answer_type]
    chosen: dict[str, str] = {}
    for answer in _drawn(pool, k, rng):
        if len(chosen) == k:
            break
        if not subject.is_true(answer):
            chosen.setdefault(normalised(answer), answer)
    return list(chosen.values())


def _drawn(pool: list[str], k: int, rng: np.random.Generator) -> Iterator[str]:
    # A permutation of a large pool per subject would cost the square of the pool's size.
    if len(pool) > _TRIES_PER_ANSWER * k:
        yield from (pool[i] for i in rng.integers(len(pool), size=_TRIES_PER_ANSWER * k))
    yield from (pool[i] for i in rng.permutation(len(pool)))
