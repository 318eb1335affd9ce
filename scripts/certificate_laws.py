"""Pairs of score laws with clusters whose divergence is known, for scripts/check_certificate.py."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bitsperfact.theory import bernoulli_kl_bits
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
#: Scores of facts and of non-facts, and the entities of both.
Sample = tuple[Array, Array, Labels, Labels]


@dataclass(frozen=True)
class Law:
    """A pair of score laws with clusters: `bits` is the divergence, `rate` the hallucination rate where known."""

    name: str
    bits: float
    draw: Callable[[np.random.Generator], Sample]
    rate: float | None = None


def single(facts: Array, nonfacts: Array) -> Sample:
    """Every claim an entity of its own."""
    return facts, nonfacts, np.arange(facts.size), np.arange(nonfacts.size)


def channel(bits: float, n: int, N: int, sign: float = 1.0) -> Law:
    """Facts score 1, non-facts 1 with probability 2^-bits, else 0."""
    q = 2.0**-bits
    name = f"channel {bits:g}{', reversed' if sign < 0 else ''}, {n} x {N}"
    rate = q if sign > 0 else 1.0
    return Law(name, bits, lambda rng: single(sign * np.ones(n), sign * (rng.random(N) < q)), rate)


def bernoullis(recall: float, fpr: float, n: int, N: int) -> Law:
    """A two-sided filter."""

    def draw(rng: np.random.Generator) -> Sample:
        return single((rng.random(n) < recall) * 1.0, (rng.random(N) < fpr) * 1.0)

    rate = fpr if recall >= 0.95 else 1.0
    return Law(f"Bernoullis {recall:g}, {fpr:g}, {n} x {N}", float(bernoulli_kl_bits(recall, fpr)), draw, rate)


def mixture(bits: float, n: int, N: int) -> Law:
    """Facts N(3, 1), non-facts N(-3, 1) but N(3, 1) with probability 2^-bits."""
    q = 2.0**-bits
    x = np.linspace(-12.0, 18.0, 60_001)
    fact, other = stats.norm.pdf(x, 3), stats.norm.pdf(x, -3)
    truth = float(nats_to_bits(np.trapezoid(-fact * np.log(q + (1 - q) * other / fact), x)))
    threshold = 3 + stats.norm.ppf(0.05)

    def draw(rng: np.random.Generator) -> Sample:
        return single(rng.normal(3, 1, n), rng.normal(np.where(rng.random(N) < q, 3.0, -3.0), 1))

    rate = float(q * 0.95 + (1 - q) * stats.norm.sf(threshold + 3))
    return Law(f"logit mixture 1/{1 / q:g}, {n} x {N}", truth, draw, rate)


def normal(shift: float, sd: float, n: int, N: int) -> Law:
    """Facts N(shift, sd), non-facts N(0, 1)."""
    bits = float(nats_to_bits(-np.log(sd) + (sd**2 + shift**2 - 1) / 2))
    rate = float(stats.norm.sf(shift + sd * stats.norm.ppf(0.05)))

    def draw(rng: np.random.Generator) -> Sample:
        return single(rng.normal(shift, sd, n), rng.normal(size=N))

    return Law(f"N({shift:g}, {sd:g}) against N(0, 1), {n} x {N}", bits, draw, rate)


def heavy(shift: float, n: int, N: int) -> Law:
    """Student's law of 3 degrees, moved."""
    x, law = np.linspace(-400.0, 400.0, 800_001), stats.t(3)
    log_fact, log_nonfact = law.logpdf(x - shift), law.logpdf(x)
    bits = float(nats_to_bits(np.trapezoid(np.exp(log_fact) * (log_fact - log_nonfact), x)))

    def draw(rng: np.random.Generator) -> Sample:
        return single(rng.standard_t(3, n) + shift, rng.standard_t(3, N))

    return Law(f"Student t3 + {shift:g}, {n} x {N}", bits, draw, float(law.sf(shift + law.ppf(0.05))))


def grades(n: int, N: int) -> Law:
    """Four scores only."""
    p, q = np.array([0.05, 0.15, 0.3, 0.5]), np.array([0.6, 0.25, 0.1, 0.05])

    def draw(rng: np.random.Generator) -> Sample:
        return single(rng.choice(4, n, p=p) * 1.0, rng.choice(4, N, p=q) * 1.0)

    return Law(f"four grades, {n} x {N}", float(nats_to_bits(np.sum(p * np.log(p / q)))), draw)


def subjects(name: str, n: int, sizes: list[int], q: float, concentration: float = 0.0) -> Law:
    """The channel with subjects: each accepts with its own rate, Beta of mean q, or all or none at 0."""
    label, m = np.repeat(np.arange(len(sizes)), sizes), len(sizes)

    def draw(rng: np.random.Generator) -> Sample:
        if concentration:
            rate = rng.beta(concentration * q, concentration * (1 - q), m)
            return np.ones(n), (rng.random(label.size) < rate[label]) * 1.0, np.arange(n), label
        return np.ones(n), (rng.random(m) < q)[label] * 1.0, np.arange(n), label

    return Law(name, float(-np.log2(q)), draw, q)


def large_accept(n: int) -> Law:
    """Subjects of ten accept as a whole with chance .06, subjects of one never."""
    sizes = np.tile([1, 10], 150)
    label, q = np.repeat(np.arange(300), sizes), 0.06 * 10 / 11

    def draw(rng: np.random.Generator) -> Sample:
        accept = (rng.random(300) < 0.06) & (sizes == 10)
        return np.ones(n), accept[label] * 1.0, np.arange(n), label

    return Law("only large subjects accept, .06", float(-np.log2(q)), draw, q)


def known_together(entities: int, each: int) -> Law:
    """Facts of an entity are known as a whole (.8); non-facts pass at .05."""
    label = np.repeat(np.arange(entities), each)

    def draw(rng: np.random.Generator) -> Sample:
        known = (rng.random(entities) < 0.8)[label] * 1.0
        return known, (rng.random(4000) < 0.05) * 1.0, label, np.arange(4000)

    return Law(f"facts known by entity, {entities} of {each}", float(bernoulli_kl_bits(0.8, 0.05)), draw, 1.0)


def offsets(entities: int, each: int) -> Law:
    """Entities have offsets that their fact and their non-facts share: N(1.5, 2) against N(0, 2), sd sqrt 2."""
    label = np.repeat(np.arange(entities), each)

    def draw(rng: np.random.Generator) -> Sample:
        offset = rng.normal(size=entities)
        facts = offset + rng.normal(1.5, 1, entities)
        return facts, offset[label] + rng.normal(size=label.size), np.arange(entities), label

    rate = float(stats.norm.sf(1.5 / np.sqrt(2) + stats.norm.ppf(0.05)))
    return Law(f"offsets shared by entity, {entities} x {each}", 1.5**2 / 4 / np.log(2), draw, rate)


def laws() -> Iterator[Law]:
    """Every law at its size."""
    yield subjects("subjects together, 120 x 100, .01", 120, [100] * 120, 0.01)
    yield subjects("subjects together, 60 x 20, .03", 60, [20] * 60, 0.03)
    yield subjects("subjects together, 400 x 10, .005", 400, [10] * 400, 0.005)
    yield subjects("subjects together, 240 x 10, .1", 240, [10] * 240, 0.1)
    yield subjects("subjects alike, 240 x 10, .1", 240, [10] * 240, 0.1, 1e6)
    yield subjects("subjects differ, 240 x 239, .1", 240, [239] * 240, 0.1, 4.0)
    yield subjects("subjects differ, 300 x 20, 1/16", 200, [20] * 300, 1 / 16, 4.0)
    yield subjects("one subject has half, .05", 200, [2000] + [10] * 200, 0.05)
    yield subjects("sizes 1 and 10, .05", 200, [1, 10] * 200, 0.05)
    yield large_accept(200)
    yield known_together(40, 10)
    yield offsets(150, 4)
    for bits, n, N in ((1, 400, 200), (2, 400, 400), (4, 400, 1600), (8, 400, 25_600), (8, 400, 2560)):
        yield channel(bits, n, N)
    yield channel(12, 400, 8192)
    yield channel(4, 20, 400)
    yield channel(6, 60, 2000)
    yield channel(5, 400, 2000, sign=-1.0)
    yield bernoullis(0.95, 0.3, 400, 262)
    yield bernoullis(0.9, 0.01, 400, 4563)
    yield bernoullis(0.98, 0.0008, 400, 20_000)
    for bits, n, N in ((3, 400, 792), (8, 400, 24_000), (8, 400, 3000)):
        yield mixture(bits, n, N)
    for shift, sd, n, N in ((1, 1, 200, 2000), (2, 1, 120, 2400), (2, 1, 400, 4000), (3, 1, 400, 20_000)):
        yield normal(shift, sd, n, N)
    yield normal(-2, 1, 400, 4000)
    yield normal(0, 2, 2000, 10_000)
    yield heavy(5, 400, 7344)
    yield grades(300, 3000)
    yield normal(0, 1, 20, 400)
    yield normal(0, 1, 400, 4000)
