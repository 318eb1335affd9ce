"""Fresh answers: of the same shape as the truth, and true of nothing in the whole set."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.claims.negatives import Answers, Generator
from bitsperfact.claims.shapes import CodeShape
from bitsperfact.claims.subjects import Facts, Subject, normalised

_SMALL = 4096


def made(facts: Facts, k: int, generator: Generator) -> Answers:
    """Draw `k` distinct answers per fact evenly from the class of the subject's first one; all if fewer than k.

    Answers that are true of anything in the set, or one edit from the truth (`near` makes those), are left out.
    """

    def answers(at: int) -> list[str]:
        subject, shape = facts.subjects[at], facts.shape
        if not isinstance(shape, CodeShape):
            return []
        return _drawn(subject, facts, shape, k * len(subject.answers), generator(subject.group, subject.prefix))

    return answers


def _drawn(subject: Subject, facts: Facts, shape: CodeShape, k: int, rng: np.random.Generator) -> list[str]:
    truth = subject.answers[0]
    excluded = {normalised(edit) for edit in shape.near(truth, rng)} | subject.truths
    chosen: dict[str, str] = {}
    for index in _indices(shape, truth, k, rng):
        if len(chosen) == k:
            break
        candidate = shape.at(truth, index)
        key = normalised(candidate)
        if key not in facts.known and key not in excluded:
            chosen.setdefault(key, candidate)
    return list(chosen.values())


def _indices(shape: CodeShape, truth: str, k: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield the indices in random order: every one of a small class, many enough of a large one."""
    size = shape.size(truth)
    if size <= _SMALL:
        yield from (int(i) for i in rng.permutation(size))
        return
    for _ in range(100 * k):
        # Classes may exceed 64 bits; 16 random bytes leave a bias of less than size / 2^128.
        yield int.from_bytes(rng.bytes(16)) % size
