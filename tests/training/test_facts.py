"""Random facts and the non-facts around them."""

import numpy as np
import pytest

from bitsperfact.training.facts import Universe, draw_facts, draw_near, draw_nonfacts, rng_of, shuffled_facts

UNIVERSE = Universe(alphabet=5, length=6)
FACTS = draw_facts(UNIVERSE, 200, seed=3)


def test_symbols_and_numbers_are_inverse():
    numbers = np.arange(UNIVERSE.size)
    assert np.array_equal(UNIVERSE.numbers(UNIVERSE.symbols(numbers)), numbers)


def test_facts_are_distinct_and_depend_on_the_seed_alone():
    assert np.unique(FACTS).size == 200
    assert np.array_equal(FACTS, draw_facts(UNIVERSE, 200, seed=3))
    assert not np.array_equal(FACTS, draw_facts(UNIVERSE, 200, seed=4))


def test_every_claim_is_as_often_a_fact():
    tiny = Universe(alphabet=2, length=3)
    often = np.zeros(tiny.size)
    for seed in range(4000):
        often[draw_facts(tiny, 3, seed)] += 1
    # Each count is binomial(4000, 3/8); five standard deviations.
    assert np.abs(often - 1500).max() < 5 * np.sqrt(4000 * 3 / 8 * 5 / 8)


def test_nonfacts_are_no_facts():
    dense = Universe(alphabet=2, length=4)
    facts = draw_facts(dense, 8, seed=0)
    drawn = draw_nonfacts(dense, facts, 4000, rng_of(0))
    assert np.array_equal(np.unique(drawn), np.setdiff1d(np.arange(dense.size), facts))


@pytest.mark.parametrize("distance", [1, 2, 3, 6])
def test_near_claims_are_so_near(distance):
    near, of = draw_near(UNIVERSE, FACTS, distance, 300, rng_of(1))
    assert ((UNIVERSE.symbols(near) != UNIVERSE.symbols(of)).sum(axis=-1) == distance).all()
    assert np.isin(of, FACTS).all()
    differing = (UNIVERSE.symbols(near)[:, None] != UNIVERSE.symbols(FACTS)[None]).sum(axis=-1)
    assert not np.isin(near, FACTS).any()
    assert ((differing == distance).any(axis=1)).all()


def test_shuffled_facts_keep_the_symbols_but_not_the_facts():
    shuffled = shuffled_facts(UNIVERSE, FACTS, rng_of(2))
    assert not np.isin(shuffled, FACTS).any()
    kept = UNIVERSE.symbols(shuffled)
    for place in range(UNIVERSE.length):
        counts = np.bincount(kept[:, place], minlength=5)
        assert (counts <= np.bincount(UNIVERSE.symbols(FACTS)[:, place], minlength=5)).all()


@pytest.mark.parametrize("n", [0, 10**9])
def test_too_many_facts_are_refused(n):
    with pytest.raises(ValueError, match="n must lie"):
        draw_facts(UNIVERSE, n, 0)
