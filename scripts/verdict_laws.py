"""Laws of scores with what verdicts on them must be, sampled and measured cell by cell."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsperfact import estimate
from bitsperfact.analysis.measure import Measurement, Sample, laws, quantities

Array = NDArray[np.float64]
#: Scores of facts (n,), scores of non-facts (N,), entities of the facts and of the non-facts.
Drawn = tuple[Array, Array, NDArray[np.intp], NDArray[np.intp]]
REPLICATES = 100


@dataclass(frozen=True)
class Law:
    """`expected`: prediction -> the status that would be wrong, and the one asked for, or "" for neither."""

    name: str
    draw: Callable[[np.random.Generator], Drawn]
    expected: dict[str, tuple[str, str]]
    per_run: int = 6


def with_own(facts: Array, nonfacts: Array) -> Drawn:
    """Each entity has one fact and as many non-facts as there are for each."""
    n, each = facts.size, nonfacts.size // facts.size
    return facts, nonfacts[: n * each], np.arange(n), np.repeat(np.arange(n), each)


def shifted(shift: float, n: int = 240, each: int = 10) -> Callable[[np.random.Generator], Drawn]:
    """Normal scores, facts moved up."""
    return lambda rng: with_own(rng.normal(shift, 1, n), rng.normal(0, 1, n * each))


def by_entity(n: int, each: int) -> Callable[[np.random.Generator], Drawn]:
    """Nothing known, but scores of an entity rise and fall together."""

    def draw(rng: np.random.Generator) -> Drawn:
        offset = 2 * rng.normal(size=n)
        return with_own(offset + rng.normal(size=n), np.repeat(offset, each) + rng.normal(size=n * each))

    return draw


def dominated(rng: np.random.Generator) -> Drawn:
    """Nothing known, and half of the non-facts are one entity's, with one offset."""
    n, each = 120, 10
    offset = 2 * rng.normal(size=n)
    owner = np.r_[np.repeat(np.arange(n), each // 2), np.zeros(n * each // 2, dtype=np.intp)]
    return offset + rng.normal(size=n), offset[owner] + rng.normal(size=n * each), np.arange(n), owner


def tied(rng: np.random.Generator) -> Drawn:
    """Nothing known, and three scores alone."""
    return with_own(rng.integers(0, 3, 240) * 1.0, rng.integers(0, 3, 2400) * 1.0)


def channel(
    bits: float, n: int = 240, each: int = 10, ties: bool = False
) -> Callable[[np.random.Generator], Drawn]:
    """The hallucination channel, with peaks of width 1 six apart, or of two scores alone."""

    def draw(rng: np.random.Generator) -> Drawn:
        lucky = rng.random(n * each) < 2.0**-bits
        facts, nonfacts = np.full(n, 3.0), np.where(lucky, 3.0, -3.0)
        return with_own(*((x if ties else x + rng.normal(size=x.size)) for x in (facts, nonfacts)))

    return draw


def mixed(
    of_facts: tuple[float, float], of_nonfacts: tuple[float, float]
) -> Callable[[np.random.Generator], Drawn]:
    """Peaks at 6, 0 and -6: shares of facts and of non-facts in the upper and the middle one."""

    def draw(rng: np.random.Generator) -> Drawn:
        parts = []
        for n, (upper, middle) in ((240, of_facts), (2400, of_nonfacts)):
            where = rng.choice([6.0, 0.0, -6.0], n, p=[upper, middle, max(0.0, 1 - upper - middle)])
            parts.append(where + rng.normal(size=n))
        return with_own(*parts)

    return draw


_NULL = {"no_bits_without_memory": ("violated", "")}
_SHAPES = (
    *("scores_are_even", "facts_get_equal_bits", "facts_are_not_forgotten", "accepted_look_alike"),
    *("channel_shape", "no_abstaining", "bits_are_effective", "no_over_accepting", "channel_signature"),
)
_TRUE = dict.fromkeys(_SHAPES, ("violated", ""))
_SURE = {"no_abstaining": ("violated", "consistent"), "no_over_accepting": ("violated", "consistent")}

#: Bits that are no more than a lower bound have no upper end, and so have those that are lost: no power is asked.
_UNRESOLVED = {"no_over_accepting": ("consistent", "")}


def _false(*names: str) -> dict[str, tuple[str, str]]:
    return dict.fromkeys(names, ("consistent", "violated"))


LAWS: tuple[Law, ...] = (
    Law("nothing known, 240 facts", shifted(0.0), {"no_bits_without_memory": ("violated", "consistent")}),
    Law("nothing known, 1 cell", shifted(0.0), _NULL, per_run=1),
    Law("nothing known, 5 facts", shifted(0.0, 5), _NULL),
    Law("nothing known, 10 facts", shifted(0.0, 10), _NULL),
    Law("nothing known, 20 facts", shifted(0.0, 20), _NULL),
    Law("nothing known, entities alike", by_entity(120, 10), _NULL),
    Law("nothing known, one entity dominates", dominated, _NULL),
    Law("nothing known, three scores", tied, _NULL),
    # Below half a bit both answers are right: something is there, and it is little.
    Law(".065 bits, 110 facts", shifted(0.3, 110), {"no_bits_without_memory": ("", "")}, per_run=1),
    Law(".115 bits, 110 facts", shifted(0.4, 110), _false("no_bits_without_memory"), per_run=1),
    Law(".115 bits, facts low", shifted(-0.4, 110), _false("no_bits_without_memory"), per_run=1),
    Law(".26 bits, 110 facts", shifted(0.6, 110), _false("no_bits_without_memory")),
    Law("channel, 4 bits", channel(4.0), _TRUE | _SURE),
    Law("channel, 4 bits, two scores", channel(4.0, ties=True), _TRUE | _SURE),
    Law("channel, 2 bits, 60 facts", channel(2.0, 60), _TRUE),
    Law(
        "forgetting .15",
        mixed((0.85, 0.0), (0.03, 0.0)),
        _false("facts_are_not_forgotten", "no_over_accepting", "channel_signature"),
    ),
    Law(
        "spreading, normal shift of 2.5",
        shifted(2.5),
        _false("scores_are_even", "facts_get_equal_bits", "accepted_look_alike", "channel_signature")
        | _UNRESOLVED,
    ),
    Law("abstaining on a third", mixed((0.67, 0.33), (0.01, 0.33)), _false("no_abstaining", "channel_signature")),
    Law("over-accepting, a third is surer", mixed((0.35, 0.65), (0.001, 0.3)), _UNRESOLVED),
)


def measured_cells(law: Law, n: int, seed: int) -> list[list[dict[str, Any]]]:
    """Rows of `n` independent cells, each with every quantity that analysis measures."""
    return [_measured(law, np.random.default_rng([seed, number]), number) for number in range(n)]


def _measured(law: Law, rng: np.random.Generator, number: int) -> list[dict[str, Any]]:
    facts, nonfacts, of_facts, of_nonfacts = law.draw(rng)
    is_fact = np.arange(facts.size + nonfacts.size) < facts.size
    groups = np.concatenate([of_facts, of_nonfacts]).astype(np.int32)
    sample = Sample(is_fact, ~is_fact, groups, 1e-4, number, REPLICATES)
    constant = {"claim_set": "set0", "score": "logprob", "stratum": "pooled", "seed": 0}
    counts = {"n_facts": facts.size, "n_nonfacts": nonfacts.size}
    values = np.concatenate([facts, nonfacts])
    of_null = set(law.expected) == set(_NULL)
    measured = _of_control(sample, values) if of_null else chain(quantities(sample, values), laws(sample, values))
    return [constant | counts | vars(quantity) for quantity in measured]


def _of_control(sample: Sample, values: Array) -> Iterator[Measurement]:
    """What verdicts on controls look at, as `quantities` yields it, without the rest."""
    bits = estimate.bits_per_fact(*sample.split(values), sample.labels, sample.seed, sample.replicates)
    lower, upper = bits.lower, bits.upper
    if bits.resolution_limited:
        lower, upper = min(lower, bits.certified), np.inf
    yield Measurement("bits_per_fact", bits.estimate, lower, upper, "bits", "", bits.resolution_limited)
    auc = estimate.shape(*sample.split(values), sample.labels, sample.seed, sample.replicates)["auc"]
    yield Measurement("auc", auc.estimate, auc.lower, auc.upper, "1", "", resolution_limited=False)
