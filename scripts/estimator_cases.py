"""Laws of known divergence at the sample sizes at which the estimates are held against them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from known_laws import (
    Law,
    accepted_together,
    atoms,
    channel,
    clustered_channel,
    dominating_entity,
    entities_apart,
    logit_mixture,
    placed,
    shifted,
    spread_both_ways,
    two_bernoullis,
    upside_down,
)

#: `resolved`: N >= 50 * 2^bits; `sparse`: ten hallucinations; `below`: fewer; `hard`: tails that no sample
#: resolves; `few`: facts or entities are few; `together`: subjects whose non-facts are accepted together, and
#: hardly any of them.
Regime = Literal["resolved", "sparse", "below", "equal", "clustered", "hard", "few", "together"]


@dataclass(frozen=True)
class Case:
    """A law at one sample size, and what is asked of it."""

    law: Law
    n_facts: int
    n_nonfacts: int
    regime: Regime

    @property
    def hallucinations(self) -> float:
        """Non-facts expected to look like facts, N q."""
        return self.n_nonfacts * 2.0**-self.law.bits


def cases() -> Iterator[Case]:
    """Every law at every size that is asked of it."""
    wide = [channel(b) for b in (1, 2, 4, 6, 8, 10)]
    wide += [
        two_bernoullis(0.95, 0.3),
        two_bernoullis(0.9, 0.01),
        two_bernoullis(0.95, 0.002),
        two_bernoullis(0.98, 0.0008),
    ]
    wide += [logit_mixture(2.0**-b) for b in (1, 3, 5, 8, 10)]
    for law in wide:
        yield Case(law, 400, round(100 * 2**law.bits), "resolved")
    for law in (shifted("Student t3", stats.t(3), shift) for shift in (2.0, 5.0)):
        yield Case(law, 400, round(200 * 2**law.bits), "resolved")
    for law in [channel(b) for b in (2, 5, 8, 10)] + [logit_mixture(2.0**-b) for b in (5, 8)]:
        yield Case(law, 400, round(15 * 2**law.bits), "sparse")
        yield Case(law, 400, round(10 * 2**law.bits), "sparse")
    for law in [channel(b) for b in (4, 8, 12)] + [logit_mixture(2.0**-8)]:
        yield Case(law, 400, round(2 * 2**law.bits), "below")
    yield from equal_cases()
    yield from clustered_cases()
    yield from tied_cases()
    yield from placed_cases()
    yield from few_cases()
    yield from hard_cases()


def equal_cases() -> Iterator[Case]:
    """Nothing to be found, down to one fact and to five entities."""
    for n, N in (
        (1, 100),
        (2, 1000),
        (5, 500),
        (10, 500),
        (15, 500),
        (20, 100),
        (30, 500),
        (50, 2000),
        (400, 2000),
    ):
        yield Case(shifted("normal", stats.norm(), 0.0), n, N, "equal")
    yield Case(shifted("normal", stats.norm(), 0.0), 400, 20, "equal")
    for n, N in ((5, 500), (20, 100), (50, 2000), (2000, 20_000)):
        yield Case(two_bernoullis(0.5, 0.5), n, N, "equal")
    yield Case(two_bernoullis(0.03, 0.03), 20, 400, "equal")
    for entities in (5, 20, 40):
        yield Case(entities_apart(entities), 200, 2000, "equal")
    yield Case(dominating_entity(0.6), 200, 2000, "equal")


def clustered_cases() -> Iterator[Case]:
    """Non-facts that an entity's rate makes alike, and those that are accepted together."""
    yield Case(clustered_channel(4, 20), 200, 6000, "clustered")
    yield Case(clustered_channel(6, 20), 200, 20_000, "clustered")
    yield Case(accepted_together(1 / 16, 10), 200, 16_000, "clustered")
    for q, entities, size in ((0.01, 120, 100), (0.03, 60, 20), (0.005, 400, 10), (0.03, 400, 10)):
        yield Case(accepted_together(q, size), 200, entities * size, "together")


def tied_cases() -> Iterator[Case]:
    """Ties without facts above, below, between and on both sides of the facts', and facts of both kinds."""
    yield Case(atoms("ties on either side", [0.0, 1.0, 0.0], [0.45, 0.05, 0.5]), 400, 4000, "resolved")
    yield Case(atoms("tie above", [1.0, 0.0], [0.0625, 0.9375]), 400, 4000, "resolved")
    between = atoms("tie between", [0.5, 0.0, 0.5], [0.04, 0.9, 0.06])
    yield Case(between, 400, 4000, "resolved")
    several = atoms("six ties", [0.02, 0.4, 0.0, 0.3, 0.08, 0.2], [0.4, 0.05, 0.3, 0.02, 0.2, 0.03])
    yield Case(several, 400, 4000, "resolved")
    for law in (channel(4), logit_mixture(2.0**-5)):
        yield Case(upside_down(law), 400, round(100 * 2**law.bits), "resolved")


def placed_cases() -> Iterator[Case]:
    """Facts in the middle of non-facts, and on either side of them."""
    for name, facts, nonfacts in (("in the middle", [0.0], [-8.0, 8.0]), ("on either side", [-8.0, 8.0], [0.0])):
        law = placed(f"facts {name}", 1 / 32, facts, nonfacts)
        yield Case(law, 400, round(100 * 2**law.bits), "resolved")


def few_cases() -> Iterator[Case]:
    """Five, ten and twenty facts; few non-facts."""
    laws = [channel(4), logit_mixture(2.0**-4), two_bernoullis(0.9, 0.06), shifted("normal", stats.norm(), 1.0)]
    for law in laws:
        for n in (5, 10, 20):
            yield Case(law, n, round(100 * 2**law.bits), "few")
    yield Case(two_bernoullis(0.9, 0.3), 400, 20, "few")


def hard_cases() -> Iterator[Case]:
    """Facts where non-facts are hardly ever."""
    for N in (400, 4000, 40_000):
        yield Case(spread_both_ways(2.0), 400, N, "hard")
    for shift in (2.0, 3.0):
        law = shifted("normal", stats.norm(), shift)
        yield Case(law, 400, round(50 * 2**law.bits), "hard")
    yield Case(upside_down(shifted("normal", stats.norm(), 2.0)), 400, 369, "hard")
    fat_tails = [shifted("Student t3", stats.t(3), 5.5), shifted("Student t2", stats.t(2), 7.0)]
    for law in [*fat_tails, logit_mixture(2**-5.6)]:
        yield Case(law, 100, 1500, "hard")
