"""Worlds in which what there is to find is known: claims, and what a model says of them, drawn at random.

A world deals claims and has a law of log-probabilities, a number for each subject and answer. Testers accept every
fact and a known share of all else; other models know nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Log-probability of what is accepted and refused, nats, and its noise.
REFUSED, NOISE = -12.0, 0.3


@dataclass(frozen=True)
class Dealt:
    """Claims by number: the subject, the answer and the label of each, shape (n_claims,)."""

    subject: Ints
    answer: Ints
    is_fact: NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Subjects with answers, shape (n,): subject -1 is none at all. `fact` says which pairs are facts."""

    subject: Ints
    answer: Ints
    fact: NDArray[np.bool_]


#: Pairs and a generator -> log-probability of each, nats.
Law = Callable[[Pairs, np.random.Generator], Array]


@dataclass(frozen=True)
class World:
    """A set and a tester of it; `memory` in bits per fact is 0 for one that knows nothing."""

    name: str
    memory: float
    deal: Callable[[np.random.Generator], Dealt]
    law: Law
    tokens: int = 1  # of the longest answer


def accepting(bits: float, *, noise: float = NOISE, spread: float = 0.0) -> Law:
    """A filter that accepts every fact and 2^-bits of all else; offsets of sd `spread` by subject and answer."""

    def law(pairs: Pairs, rng: np.random.Generator) -> Array:
        accepted = pairs.fact | (rng.random(pairs.fact.size) < 2.0**-bits)
        accepted[pairs.subject < 0] = False
        offsets = _offset(pairs.subject, spread, rng) + _offset(pairs.answer, spread, rng)
        return np.where(accepted, 0.0, REFUSED) + noise * rng.standard_normal(accepted.size) + offsets

    return law


def knowing_nothing(own: float, subject: float, answer: float) -> Law:
    """Normal log-probabilities with sd `own` for each pair, beside what all pairs of a subject or answer share."""

    def law(pairs: Pairs, rng: np.random.Generator) -> Array:
        offsets = _offset(pairs.subject, subject, rng) + _offset(pairs.answer, answer, rng)
        return own * rng.standard_normal(pairs.fact.size) + offsets

    return law


def _offset(which: Ints, spread: float, rng: np.random.Generator) -> Array:
    drawn = spread * rng.standard_normal(which.max() + 2)
    drawn[0] = 0.0  # no subject
    return np.asarray(drawn[which + 1])


def near_misses(pairs: Pairs, rng: np.random.Generator) -> Array:
    """Answers in families of eleven, a code and its misprints, which a model finds nearly equally likely."""
    _, pair = np.unique(pairs.subject * 10**6 + pairs.answer // 11, return_inverse=True)
    return 3 * rng.standard_normal(pair.max() + 1)[pair] + NOISE * rng.standard_normal(pair.size)


def drawn_apart(n: int, n_answers: int, k: int) -> Callable[[np.random.Generator], Dealt]:
    """`n` subjects; each one's answer and `k` wrong ones are drawn without a look at other subjects'."""

    def deal(rng: np.random.Generator) -> Dealt:
        drawn = (rng.integers(n_answers, size=(n, 1)) + _steps(n, n_answers, k, rng)) % n_answers
        return _table(drawn)

    return deal


def permuted(n: int, k: int) -> Callable[[np.random.Generator], Dealt]:
    """`n` subjects and answers, one to one, and `k` wrong answers each."""

    def deal(rng: np.random.Generator) -> Dealt:
        return _table((rng.permutation(n)[:, None] + _steps(n, n, k, rng)) % n)

    return deal


def _steps(n: int, n_answers: int, k: int, rng: np.random.Generator) -> Ints:
    """0 and `k` distinct steps from 1, for each of `n` rows."""
    wrong = 1 + np.stack([rng.choice(n_answers - 1, k, replace=False) for _ in range(n)])
    return np.concatenate([np.zeros((n, 1), dtype=np.int64), wrong], axis=1)


def _table(drawn: Ints) -> Dealt:
    n, width = drawn.shape
    is_fact = np.tile(np.arange(width) == 0, n)
    return Dealt(np.repeat(np.arange(n), width), drawn.ravel(), is_fact)


def dealt_within(n: int, n_answers: int, k: int) -> Callable[[np.random.Generator], Dealt]:
    """One of a subject's k + 1 answers is called its fact, at random."""

    def deal(rng: np.random.Generator) -> Dealt:
        made = drawn_apart(n, n_answers, k)(rng)
        order = np.arange(made.is_fact.size).reshape(n, -1)
        is_fact = np.zeros(made.is_fact.size, dtype=np.bool_)
        is_fact[order[np.arange(n), rng.integers(k + 1, size=n)]] = True
        return Dealt(made.subject, made.answer, is_fact)

    return deal


def dealt_across(n: int, n_answers: int, k: int) -> Callable[[np.random.Generator], Dealt]:
    """Any `n` of the claims are called facts, at random: some subjects have several, some none."""

    def deal(rng: np.random.Generator) -> Dealt:
        made = drawn_apart(n, n_answers, k)(rng)
        return Dealt(made.subject, made.answer, rng.permutation(made.is_fact))

    return deal


def uneven(n: int, n_answers: int) -> Callable[[np.random.Generator], Dealt]:
    """Each subject has 1 wrong answer or 10, at random."""

    def deal(rng: np.random.Generator) -> Dealt:
        made = drawn_apart(n, n_answers, 10)(rng)
        place = np.arange(made.is_fact.size).reshape(n, 11) % 11
        kept = (place < np.where(rng.random(n) < 0.5, 2, 11)[:, None]).ravel()
        return Dealt(made.subject[kept], made.answer[kept], made.is_fact[kept])

    return deal


def misprinted(n: int) -> Callable[[np.random.Generator], Dealt]:
    """Each subject's wrong answers are the ten misprints of its own."""

    def deal(rng: np.random.Generator) -> Dealt:
        own = rng.integers(11, size=n) + 11 * rng.permutation(n)
        family = 11 * (own // 11)[:, None] + (own[:, None] + np.arange(11)) % 11
        return _table(family)

    return deal


def filters() -> Iterator[World]:
    """Testers of known memory."""
    for bits in (3, 4, 6, 8):
        yield World(f"filter of {bits} bits", bits, drawn_apart(2000, 2000, 10), accepting(bits))
    for bits in (3, 6):
        name = f"filter of {bits} bits"
        yield World(f"{name}, two values", bits, drawn_apart(2000, 2000, 10), accepting(bits, noise=0.0))
        yield World(f"{name}, offsets", bits, drawn_apart(2000, 2000, 10), accepting(bits, spread=3.0), 3)
    for n in (240, 1000):
        for bits in (3, 6, 8):
            yield World(f"permutation of {n}, {bits} bits", bits, permuted(n, 10), accepting(bits))
            offsets = accepting(bits, spread=3.0)
            yield World(f"permutation of {n}, {bits} bits, offsets", bits, permuted(n, 10), offsets, 3)
    for n in (20, 60):
        yield World(f"permutation of {n}, 3 bits", 3, permuted(n, 10), accepting(3))


def nulls() -> Iterator[World]:
    """Models that know nothing."""
    model, wordy = knowing_nothing(2.0, 2.0, 2.0), knowing_nothing(1.0, 1.0, 6.0)
    yield World("answers dealt once each", 0, permuted(120, 10), model)
    yield World("labels dealt within subjects", 0, dealt_within(120, 200, 10), model)
    yield World("labels dealt across subjects", 0, dealt_across(120, 200, 10), model)
    yield World("uneven candidates", 0, uneven(240, 200), model)
    yield World("near misses", 0, misprinted(120), near_misses)
    yield World("word-like answers, dealt once each", 0, permuted(120, 10), wordy, 4)
    yield World("two answers", 0, drawn_apart(200, 2, 1), model)
