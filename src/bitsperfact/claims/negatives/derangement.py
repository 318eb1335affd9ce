"""Derangement: an answer that is true of another subject of the same type."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bitsperfact.claims.dealing import Mask, Pairs, deal, supply_of
from bitsperfact.claims.negatives import Answers, Generator
from bitsperfact.claims.subjects import Facts, normalised


@dataclass(frozen=True)
class _Pack:
    """One type of answers: places of its subjects, how each answer is written in facts, and who may have it."""

    kind: str
    places: list[int]
    forms: list[list[str]]
    pairs: Pairs


def made(facts: Facts, k: int, generator: Generator) -> Answers:
    """Return `k` distinct answers per fact, none true of the subject nor given for it; all there are if fewer.

    Each answer is dealt k times as often as it is a fact of the set, so that the answer alone does not give the
    truth away; see `deal` for answers that too few subjects may have so often. The deal is one for the whole set:
    a subject's non-facts do not depend on which others are sampled.
    """
    found: dict[int, list[str]] = {}
    for pack in _packs(facts, k):
        dealt = deal(pack.pairs, generator(pack.kind))
        found.update(zip(pack.places, _written(dealt, pack.forms), strict=True))
    return found.__getitem__


def answer_ratio(facts: Facts, k: int) -> float:
    """Return how far the answers' law among k non-facts per fact must be from that among facts (1, at least 1).

    The largest ratio, either way, of an answer's share of the facts to its share of the non-facts, over answers of
    one type: 1 where they are dealt in proportion, inf where an answer is none's non-fact.
    """
    return max(_largest_ratio(pack.pairs) for pack in _packs(facts, k))


def _largest_ratio(pairs: Pairs) -> float:
    supply = supply_of(pairs)
    if not supply.sum():
        return 1.0
    if not supply.all():
        return float("inf")
    ratio = pairs.weights / pairs.weights.sum() * (supply.sum() / supply)
    return float(max(ratio.max(), 1 / ratio.min()))


def _packs(facts: Facts, k: int) -> Iterator[_Pack]:
    by_type: dict[str, list[int]] = {}
    for at, subject in enumerate(facts.subjects):
        by_type.setdefault(subject.answer_type, []).append(at)
    for kind, places in by_type.items():
        forms: dict[str, list[str]] = {}
        for at in places:
            for answer in facts.subjects[at].answers:
                forms.setdefault(normalised(answer), []).append(answer)
        yield _Pack(
            kind, places, list(forms.values()), _pairs(facts, places, list(forms), list(forms.values()), k)
        )


def _pairs(facts: Facts, places: list[int], keys: list[str], forms: list[list[str]], k: int) -> Pairs:
    subjects, number = [facts.subjects[at] for at in places], {key: i for i, key in enumerate(keys)}
    barred = [
        {number[key] for key in (*subject.truths, *map(normalised, subject.given)) if key in number}
        for subject in subjects
    ]
    barred_from: list[list[int]] = [[] for _ in keys]
    for at, answers in enumerate(barred):
        for answer in answers:
            barred_from[answer].append(at)

    def takers(answer: int) -> Mask:
        mask = np.ones(len(subjects), dtype=bool)
        mask[barred_from[answer]] = False
        return mask

    return Pairs(
        wanted=np.array([k * len(subject.answers) for subject in subjects]),
        weights=np.array([float(len(each)) for each in forms]),
        free=np.array([len(keys) - len(answers) for answers in barred]),
        open_to=np.array([len(subjects) - len(each) for each in barred_from]),
        allows=lambda at, answer: answer not in barred[at],
        takers=takers,
    )


def _written(dealt: list[list[int]], forms: list[list[str]]) -> list[list[str]]:
    """Return the answers in words; one that facts spell differently (accents, case) in each spelling by turns."""
    used = [0] * len(forms)
    written: list[list[str]] = []
    for answers in dealt:
        written.append([forms[answer][used[answer] % len(forms[answer])] for answer in answers])
        for answer in answers:
            used[answer] += 1
    return written
