"""Near misses: the true answer with one small change, or for a quantity another value of its order."""

import math
from collections import Counter

import numpy as np

from bitsperfact.claims.dealing import Mask, Pairs, deal
from bitsperfact.claims.negatives import Answers, Generator
from bitsperfact.claims.shapes import CodeShape, Magnitude
from bitsperfact.claims.subjects import Facts, Subject, normalised


def made(facts: Facts, k: int, generator: Generator) -> Answers:
    """Return `k` distinct near misses per fact of the subject's first answer; all there are if fewer.

    A code that is true of anything in the set is no near miss. A quantity's are values of other subjects within
    the errors allowed, each dealt k times as often as it is a fact: values made up around the truth would reach
    beyond those of any subject (a city below the least population listed), and the text would give them away.
    """
    shape = facts.shape
    if isinstance(shape, Magnitude):
        return _of_quantities(facts, shape, k, generator()).__getitem__

    def answers(at: int) -> list[str]:
        subject = facts.subjects[at]
        if shape is None:
            return []
        return _edits(subject, facts, shape, k * len(subject.answers), generator(subject.group, subject.prefix))

    return answers


def _edits(subject: Subject, facts: Facts, shape: CodeShape, k: int, rng: np.random.Generator) -> list[str]:
    chosen: dict[str, str] = {}
    for candidate in shape.near(subject.answers[0], rng):
        if len(chosen) == k:
            break
        if not subject.is_true(candidate) and normalised(candidate) not in facts.known:
            chosen.setdefault(normalised(candidate), candidate)
    return list(chosen.values())


def _of_quantities(facts: Facts, shape: Magnitude, k: int, rng: np.random.Generator) -> list[list[str]]:
    listed = Counter(subject.answers[0] for subject in facts.subjects)
    values = {answer: math.log(shape.read(answer)) for answer in listed}
    logs, own = np.array(list(values.values())), np.array([values[s.answers[0]] for s in facts.subjects])
    counts = np.array(list(listed.values()))
    free, open_to = np.zeros(len(logs), dtype=np.int64), np.zeros(len(logs), dtype=np.int64)
    for number, value in enumerate(logs):
        within = shape.within(logs - value)
        free += within
        open_to[number] = counts[within].sum()
    place = {answer: number for number, answer in enumerate(values)}

    def takers(answer: int) -> Mask:
        return shape.within(own - logs[answer])

    # Asked a few times for each answer dealt: plain numbers are quicker than arrays.
    (low, high), of_answers, of_subjects = shape.errors, logs.tolist(), own.tolist()
    pairs = Pairs(
        wanted=np.array([k * len(subject.answers) for subject in facts.subjects]),
        weights=counts.astype(np.float64),
        free=free[[place[subject.answers[0]] for subject in facts.subjects]],
        open_to=open_to,
        allows=lambda at, answer: low <= abs(of_answers[answer] - of_subjects[at]) <= high,
        takers=takers,
    )
    written = list(values)
    return [[written[answer] for answer in answers] for answers in deal(pairs, rng)]
