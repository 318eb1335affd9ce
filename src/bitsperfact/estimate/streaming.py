"""Bits per fact of more scores than fit into memory, with a bound on what is lost."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.bins import order_statistics
from bitsperfact.estimate.bits import is_resolution_limited
from bitsperfact.estimate.bootstrap import check_resampling
from bitsperfact.estimate.divergence import binned_bits
from bitsperfact.estimate.few import EffectiveCounts
from bitsperfact.estimate.interval import Draws, bits_interval
from bitsperfact.estimate.pool import Pool, checked_scores, counted_pool
from bitsperfact.estimate.resampling import independent_draws
from bitsperfact.estimate.sketches import TwoEndedSketch
from bitsperfact.units import nats_to_bits

Array = NDArray[np.float64]

#: Chance that the sketches err by more than the stated bound.
ERROR_RISK = 0.01
#: A bin holds at least so many times what its mass may be wrong by.
RESOLVED = 5.0
#: Ratio of the ratios of facts to non-facts in two bins from which they are not merged for being ill known.
STEP = 2.0


@dataclass(frozen=True)
class StreamedBits:
    """Bits per fact of streamed scores.

    `estimate`: bits, in [0, inf]. `error_bits`: how far the bits of all scores, in the same bins, may be from it,
    except with chance `ERROR_RISK`. `lower`, `upper`: bits, an interval for sampling alone, claims independent,
    widened by `error_bits`; `upper` is inf as in `BitsPerFact`. `resolution_limited`: report ">= lower".
    `reversed`: as in `BitsPerFact`.
    """

    estimate: float
    lower: float
    upper: float
    error_bits: float
    resolution_limited: bool
    n_facts: int
    n_nonfacts: int
    seed: int
    confidence: float
    reversed: bool


class StreamedScores:
    """Mergeable quantile sketches of the scores of facts and of non-facts.

    Each is a `TwoEndedSketch`, which knows the share of scores beyond any score up to a constant factor, from
    either end: bits rest on tails of non-facts, b of them on a share 2^-b, and a sketch of constant rank error,
    such as KLL, knows nothing about shares below it. Each keeps some 40 000 of 10^6 scores, ever slower growing.

    Scores are rounded to float32, so stream log-odds. The sketches draw random bits that cannot be seeded:
    repeated runs differ, within the bound. `k`: even, in [4, 254]; the error falls as 1 / k.

    Raises: ImportError, naming the command that helps, where datasketches is not installed.
    """

    def __init__(self, k: int = 200) -> None:
        if k % 2 or not 4 <= k <= 254:
            raise ValueError(f"k must be even and lie in [4, 254], got {k}")
        self.k = k
        self._facts, self._nonfacts = TwoEndedSketch(k), TwoEndedSketch(k)

    @property
    def n_facts(self) -> int:
        """Number of facts streamed."""
        return self._facts.n

    @property
    def n_nonfacts(self) -> int:
        """Number of non-facts streamed."""
        return self._nonfacts.n

    def update(self, facts: ArrayLike, nonfacts: ArrayLike) -> None:
        """Take in scores of facts (n,) and of non-facts (N,), of which one may be empty.

        Raises: ValueError, and takes in nothing, where a score is not finite in float32.
        """
        first, second = _float32("facts", facts), _float32("nonfacts", nonfacts)
        self._facts.update(first)
        self._nonfacts.update(second)

    def merge(self, other: "StreamedScores") -> None:
        """Take in all that another stream took in. Raises: ValueError where its k differs."""
        if other.k != self.k:
            raise ValueError(f"other must have the same k, {self.k}, got {other.k}")
        self._facts.merge(other._facts)
        self._nonfacts.merge(other._nonfacts)

    def pool(self) -> Pool:
        """Return the scores kept, weighted by how many they stand for: what any statistic of a `Pool` takes.

        Bins are those of `bin_starts`, merged from the ends to the median until each holds, of facts and of
        non-facts, `RESOLVED` times what its mass may be wrong by. Raises: ValueError where a class is empty.
        """
        kept, weights = zip(_kept("facts", self._facts), _kept("nonfacts", self._nonfacts), strict=True)
        scores, level = np.unique(np.concatenate(kept), return_inverse=True)
        n, size = kept[0].size, scores.size
        facts = np.bincount(level[:n], weights=weights[0], minlength=size).astype(np.float64)
        nonfacts = np.bincount(level[n:], weights=weights[1], minlength=size).astype(np.float64)
        fine = counted_pool(scores, facts, nonfacts)
        of_facts, of_nonfacts = (_Masses.of(sketch, fine.edges) for sketch in (self._facts, self._nonfacts))
        bins = fine.bins[_resolved((of_facts, of_nonfacts))]
        return replace(fine, bins=bins, chosen=order_statistics(bins, facts, nonfacts))

    def bits_per_fact(self, seed: int = 0, replicates: int = 400, confidence: float = CONFIDENCE) -> StreamedBits:
        """Return the bits per fact, KL(scores of facts || scores of non-facts): `binned_bits` of `pool`.

        `error_bits` is derived here. A sketch knows the share of scores below each bin's edge within z standard
        errors, z being such that all edges hold together (Bonferroni) except with chance `ERROR_RISK`. An error at
        an edge moves mass between the two bins beside it. By the mean value theorem, errors e of the facts' shares
        change sum p ln(p / q) by the sum over edges of e times the step of ln(p / q) there, and then errors g of
        the non-facts' by that of g times the step of p / q, each step being taken somewhere within the bounds of
        the masses, where it is no more than its largest. q counts as half a claim at least; p as 1 / e of its
        error w, since the mean of -ln p over any d <= w from 0 is 1 - ln d, and d (1 - ln d) grows with d.

        Raises: ValueError where a class is empty or an argument lies outside.
        """
        check_resampling(replicates, confidence)
        pool = self.pool()
        estimate, draws = binned_bits(pool), []
        for counts, child in zip(pool.binned(), np.random.SeedSequence(seed).spawn(2), strict=True):
            draws.append(independent_draws(counts, np.random.default_rng(child), replicates))
        limited = is_resolution_limited(pool, estimate)
        effective = EffectiveCounts(float(self.n_facts), float(self.n_nonfacts), dominated=False)
        interval = bits_interval(pool, Draws(*draws), estimate, effective, limited, seed, confidence)
        error_bits = self._error_bits(pool)
        return StreamedBits(
            estimate=max(0.0, estimate),
            lower=max(0.0, interval.lower - error_bits),
            upper=interval.upper + error_bits,
            error_bits=error_bits,
            resolution_limited=limited,
            n_facts=self.n_facts,
            n_nonfacts=self.n_nonfacts,
            seed=seed,
            confidence=confidence,
            reversed=interval.reversed,
        )

    def _error_bits(self, pool: Pool) -> float:
        facts, nonfacts = (_Masses.of(sketch, pool.edges) for sketch in (self._facts, self._nonfacts))
        facts = facts.at_least(facts.of_bin / np.e)
        q = nonfacts.at_least(0.5 / self.n_nonfacts)
        with np.errstate(divide="ignore"):
            log_ratio = np.log(np.array([facts.least, facts.largest]) / q.mass)
        ratio = np.array([facts.least / q.largest, facts.largest / q.least])
        return float(nats_to_bits(_change(log_ratio, facts.wrong) + _change(ratio, nonfacts.wrong)))


@dataclass(frozen=True)
class _Masses:
    """What a sketch knows of bins.

    `mass`, `least`, `largest`: shape (bins,), the share of scores in each bin and its bounds. `wrong`: shape
    (bins - 1,), how far the share below each edge may be from the sketch's; `of_bin`: shape (bins,), of each mass.
    """

    mass: Array
    least: Array
    largest: Array
    wrong: Array
    of_bin: Array

    @classmethod
    def of(cls, sketch: TwoEndedSketch, edges: Array) -> "_Masses":
        """Return bins between `edges`, shape (bins - 1,), and what lies outside."""
        below, wrong = sketch.ranks(edges, ERROR_RISK / (2 * max(1, edges.size)))
        # The share below the lowest bin is 0, and below the end of the highest 1, without error.
        mass = np.diff(np.concatenate([[0.0], below, [1.0]]))
        of_bin = np.concatenate([[0.0], wrong]) + np.concatenate([wrong, [0.0]])
        return cls(mass, np.maximum(mass - of_bin, 0.0), np.minimum(mass + of_bin, 1.0), wrong, of_bin)

    def at_least(self, floor: float | Array) -> "_Masses":
        """Return the same, with no share below `floor`."""
        mass, least, largest = (np.maximum(each, floor) for each in (self.mass, self.least, self.largest))
        return _Masses(mass, least, largest, self.wrong, self.of_bin)


def _change(bounds: Array, wrong: Array) -> float:
    """Sum over edges of an error times the largest step there between two bins' values, bounded by (2, bins)."""
    (low, high), some = bounds, wrong > 0
    # Without an error there is no change, not even where a bin holds no fact and the step is infinite.
    up, down = high[1:][some] - low[:-1][some], high[:-1][some] - low[1:][some]
    return float(np.maximum(up, down) @ wrong[some])


def _resolved(masses: tuple[_Masses, _Masses]) -> NDArray[np.intp]:
    """Bins at which merged bins start: from either end to the median non-fact, each closed once it is known."""
    mass = np.array([each.mass for each in masses])
    outer = np.zeros((2, 1))
    wrong = np.hstack([outer, np.array([each.wrong for each in masses]), outer])
    median = int(np.searchsorted(np.cumsum(mass[1]), 0.5))
    up = _known(mass[:, :median], wrong[:, : median + 1])
    down = _known(mass[:, median:][:, ::-1], wrong[:, median:][:, ::-1])
    starts = np.union1d(np.concatenate([[0], up]), mass.shape[1] - down)
    # Both are left with something between, which joins the lower bin.
    return np.asarray(starts[starts < mass.shape[1]], dtype=np.intp)


def _known(mass: Array, wrong: Array) -> NDArray[np.intp]:
    """Return after which of the bins (2, bins), with errors at their edges (2, bins + 1), merged ones close.

    They also close before a bin whose ratio of facts to non-facts is surely another: what crowds there is known.
    """
    ends: list[int] = []
    held, start = np.zeros(2), wrong[:, 0]
    for i in range(mass.shape[1]):
        before, after = wrong[:, i], wrong[:, i + 1]
        if held.any() and _are_unlike((held, start + before), (mass[:, i], before + after)):
            ends.append(i)
            held, start = np.zeros(2), before
        held = held + mass[:, i]
        if (held >= RESOLVED * (start + after)).all():
            ends.append(i + 1)
            held, start = np.zeros(2), after
    return np.array(ends, dtype=np.intp)


def _are_unlike(one: tuple[Array, Array], other: tuple[Array, Array]) -> bool:
    """Return whether the ratios of two pairs of masses differ by `STEP`, whatever the errors of the masses are."""
    least, most = np.maximum(one[0] - one[1], 0.0), one[0] + one[1]
    its_least, its_most = np.maximum(other[0] - other[1], 0.0), other[0] + other[1]
    higher = least[0] * its_least[1] > STEP * its_most[0] * most[1]
    lower = its_least[0] * least[1] > STEP * most[0] * its_most[1]
    return bool(higher or lower)


def _kept(name: str, sketch: TwoEndedSketch) -> tuple[Array, Array]:
    """Scores that a sketch keeps, and how many each stands for."""
    if sketch.n == 0:
        raise ValueError(f"{name} must hold at least one score, got none: both classes are needed")
    return sketch.kept()


def _float32(name: str, values: ArrayLike) -> NDArray[np.float32]:
    scores = np.asarray(values, dtype=np.float64)
    if scores.size == 0 and scores.ndim == 1:
        return scores.astype(np.float32)
    with np.errstate(over="ignore"):
        rounded = checked_scores(name, scores).astype(np.float32)
    checked_scores(f"{name} in float32", rounded)
    return rounded
