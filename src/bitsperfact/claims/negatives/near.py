"""Near misses: the true answer with one small change."""

from itertools import islice

import numpy as np

from bitsperfact.claims.shapes import Magnitude
from bitsperfact.claims.subjects import Facts, Subject, normalised

_TRIES_PER_ANSWER = 50


def answers(subject: Subject, facts: Facts, k: int, rng: np.random.Generator) -> list[str]:
    """At most `k` distinct near misses of the subject's first answer; all there are if fewer.

    A code that is true of anything in the set is no near miss. A quantity is one even where another subject has
    just that value, for every value is some subject's.
    """
    if facts.shape is None:
        return []
    shared = isinstance(facts.shape, Magnitude)
    chosen: dict[str, str] = {}
    for candidate in islice(facts.shape.near(subject.answers[0], rng), _TRIES_PER_ANSWER * k + 1000):
        if len(chosen) == k:
            break
        if not subject.is_true(candidate) and (shared or normalised(candidate) not in facts.known):
            chosen.setdefault(normalised(candidate), candidate)
    return list(chosen.values())
