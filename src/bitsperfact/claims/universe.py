"""How many plausible claims there are: the u of p = n/u."""

from collections import Counter

from bitsperfact.claims.shapes import CodeShape
from bitsperfact.claims.subjects import Facts, Subject


def universe_size(facts: Facts, strata: tuple[str, ...]) -> int:
    """Return the number of plausible claims (1, a count): over all subjects, the sum of their plausible answers.

    A subject's plausible answers are the union of its own, the given ones, with `derangement` the distinct
    answers of its type, and with `fresh` or `near` the class of its answer's shape (an edit stays in the class).
    A source that counts otherwise says so in `facts.universe_size`.
    """
    if facts.universe_size is not None:
        return facts.universe_size
    by_type = {kind: set(answers) for kind, answers in facts.answers_by_type.items()}
    if "derangement" not in strata:
        by_type = {kind: set() for kind in by_type}
    shape = facts.shape
    if not isinstance(shape, CodeShape) or not {"fresh", "near"} & set(strata):
        return sum(len(by_type[s.answer_type].union(s.answers, s.given)) for s in facts.subjects)
    sharing = {kind: Counter(shape.key(answer) for answer in found) for kind, found in by_type.items()}
    return sum(_plausible(s, shape, by_type[s.answer_type], sharing[s.answer_type]) for s in facts.subjects)


def _plausible(subject: Subject, shape: CodeShape, listed: set[str], sharing: Counter[str]) -> int:
    """Size of the union of the listed answers, the shape's class, and what the subject itself adds."""
    truth = subject.answers[0]
    key = shape.key(truth)
    further = {a for a in (*subject.answers, *subject.given) if a not in listed and shape.key(a) != key}
    return len(listed) + shape.size(truth) - sharing[key] + len(further)
