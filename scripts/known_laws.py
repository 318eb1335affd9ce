"""Pairs of score laws whose divergence is known: what estimates are held against."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bitsperfact.theory import bernoulli_kl_bits, kl_bits
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
Draw = Callable[[int, int, np.random.Generator], tuple[Array, Array]]
Label = Callable[[int, int], tuple[Labels, Labels]]


def each_its_own(n: int, N: int) -> tuple[Labels, Labels]:
    """Claims that share no entity."""
    return np.arange(n), np.arange(N)


@dataclass(frozen=True)
class Law:
    """A pair of score laws: `bits` is their divergence, `draw(n_facts, n_nonfacts, rng)` samples them.

    `label(n_facts, n_nonfacts)`: entities of the facts and of the non-facts.
    """

    name: str
    bits: float
    draw: Draw
    label: Label = each_its_own


def channel(bits: float) -> Law:
    """The hallucination channel: facts score 1, non-facts 1 with probability 2^-bits, else 0."""
    q = 2.0**-bits
    return Law(f"channel, {bits:g} bits", bits, lambda n, N, rng: (np.ones(n), (rng.random(N) < q) * 1.0))


def two_bernoullis(recall: float, fpr: float) -> Law:
    """A two-sided filter."""
    bits = float(bernoulli_kl_bits(recall, fpr))

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        return (rng.random(n) < recall) * 1.0, (rng.random(N) < fpr) * 1.0

    return Law(f"Bernoullis {recall:g}, {fpr:g}", bits, draw)


def logit_mixture(q: float) -> Law:
    """The channel with spread scores: facts N(3, 1), non-facts N(-3, 1) but N(3, 1) with probability q."""
    x = np.linspace(-12.0, 18.0, 60_001)
    fact, other = stats.norm.pdf(x, 3), stats.norm.pdf(x, -3)
    bits = float(nats_to_bits(np.trapezoid(-fact * np.log(q + (1 - q) * other / fact), x)))

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        return rng.normal(3, 1, n), rng.normal(np.where(rng.random(N) < q, 3.0, -3.0), 1)

    return Law(f"logit mixture, q = 1/{1 / q:g}", bits, draw)


def shifted(name: str, law: stats.rv_continuous, shift: float) -> Law:
    """One continuous law and the same law moved up."""
    x = np.linspace(-400.0, 400.0, 800_001)
    log_fact, log_nonfact = law.logpdf(x - shift), law.logpdf(x)
    bits = float(nats_to_bits(np.trapezoid(np.exp(log_fact) * (log_fact - log_nonfact), x)))
    return Law(f"{name} + {shift:g}", bits, lambda n, N, rng: (_sample(law, n, rng) + shift, _sample(law, N, rng)))


def _sample(law: stats.rv_continuous, size: int, rng: np.random.Generator) -> Array:
    return np.asarray(law.rvs(size=size, random_state=rng), dtype=np.float64)


def clustered_channel(bits: float, cluster_size: int) -> Law:
    """The channel, but entities differ: an entity's rate of hallucination is Beta with mean 2^-bits."""
    q = 2.0**-bits

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        rate = rng.beta(4 * q, 4 * (1 - q), size=-(-N // cluster_size))
        return np.ones(n), (rng.random(N) < np.repeat(rate, cluster_size)[:N]) * 1.0

    return Law(f"clustered channel, {bits:g} bits", bits, draw, subjects_of(cluster_size))


def subjects_of(cluster_size: int) -> Label:
    """So many non-facts to an entity; facts are each their own."""
    return lambda n, N: (np.arange(n), np.arange(N) // cluster_size)


def accepted_together(q: float, cluster_size: int) -> Law:
    """The channel, but a subject's non-facts are all accepted, or none."""

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        accepted = rng.random(-(-N // cluster_size)) < q
        return np.ones(n), np.repeat(accepted, cluster_size)[:N] * 1.0

    return Law(f"together by {cluster_size}, q = {q:g}", -np.log2(q), draw, subjects_of(cluster_size))


def atoms(name: str, facts: list[float], nonfacts: list[float]) -> Law:
    """Ties alone: shares (1) of both classes at scores 0, 1, ..."""
    p, q = np.array(facts), np.array(nonfacts)
    bits = float(kl_bits(p, q))

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        return rng.choice(p.size, n, p=p) * 1.0, rng.choice(q.size, N, p=q) * 1.0

    return Law(name, bits, draw)


def upside_down(law: Law) -> Law:
    """The same law with facts low."""

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        facts, nonfacts = law.draw(n, N, rng)
        return -facts, -nonfacts

    return Law(f"{law.name}, reversed", law.bits, draw, law.label)


def spread_both_ways(scale: float) -> Law:
    """Facts N(0, scale), non-facts N(0, 1): every fact far out is beyond what non-facts resolve."""
    bits = float(nats_to_bits((scale**2 - 1) / 2 - np.log(scale)))
    return Law(f"N(0, {scale:g}), N(0, 1)", bits, lambda n, N, rng: (rng.normal(0, scale, n), rng.normal(0, 1, N)))


def placed(name: str, q: float, facts: list[float], nonfacts: list[float]) -> Law:
    """Normal peaks of width 1: facts at some places, non-facts at others, but at the facts' with probability q."""
    x = np.linspace(-30.0, 30.0, 60_001)
    fact, other = (np.mean([stats.norm.pdf(x, at) for at in places], axis=0) for places in (facts, nonfacts))
    held = fact > 0
    ratio = q + (1 - q) * other[held] / fact[held]
    bits = float(nats_to_bits(np.trapezoid(-fact[held] * np.log(ratio), x[held])))

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        at = np.where(rng.random(N) < q, rng.choice(facts, N), rng.choice(nonfacts, N))
        return rng.normal(rng.choice(facts, n), 1), rng.normal(at, 1)

    return Law(name, bits, draw)


def entities_apart(n_entities: int) -> Law:
    """Equal laws, but every entity has an offset of its own, N(0, 1), and the classes share no entity."""

    def label(n: int, N: int) -> tuple[Labels, Labels]:
        return np.arange(n) % n_entities, np.arange(N) % n_entities

    return offsets(f"equal, {n_entities} entities each", label)


def dominating_entity(share: float) -> Law:
    """Equal laws, entities with offsets as above, and one entity that holds a share of the non-facts."""

    def label(n: int, N: int) -> tuple[Labels, Labels]:
        return np.arange(n), np.maximum(np.arange(N) - round(share * N), 0)

    return offsets(f"equal, one entity holds {100 * share:g} %", label)


def offsets(name: str, label: Label) -> Law:
    """Scores N(0, 1) about an offset N(0, 1) of the entity: no bits, whatever the entities are."""

    def draw(n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        of = [rng.normal(size=each.max() + 1)[each] for each in label(n, N)]
        return rng.normal(of[0], 1), rng.normal(of[1], 1)

    return Law(name, 0.0, draw, label)
