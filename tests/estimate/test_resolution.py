import numpy as np
import pytest

from bitsperfact.estimate import Pool, bits_per_fact
from bitsperfact.estimate.resolution import Resolution


def power_tail(t, n=4000, N=40_000):
    """Non-facts uniform, facts beyond u from the top a share u^t, at their expected places."""
    return 1 - ((np.arange(n) + 0.5) / n) ** (1 / t), 1 - (np.arange(N) + 0.5) / N


@pytest.mark.parametrize("t", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("side", [1, -1])
def test_what_a_tail_misses_is_that_of_its_exponent(t, side):
    """Beyond the tenth of 40,000 non-facts lies a share (1 / 4000)^t, worth ln t + 1 / t - 1 nats each."""
    facts, nonfacts = power_tail(t)
    got = Resolution.of(Pool.of(side * facts, side * nonfacts))
    share = (9.5 / 40_000) ** t
    assert got.beyond == pytest.approx(share + 10 / 40_000, abs=1.5 / 1000)
    assert got.missing == pytest.approx(share * (np.log(t) + 1 / t - 1) / np.log(2), rel=0.25, abs=1e-4)
    assert got.unseen == 0


def test_facts_that_spread_both_ways_are_marked_at_either_end():
    rng = np.random.default_rng(0)
    truth = 1.5 / np.log(2) - 1
    for N in (400, 4000):
        got = bits_per_fact(rng.normal(0, 2, 400), rng.normal(0, 1, N))
        assert got.resolution_limited
        assert got.lower < truth < got.upper
        assert got.estimate < truth


def test_a_gap_of_non_facts_that_holds_facts_is_marked():
    """Two facts of five where the sample has no non-fact: 40 % of the divergence could be anything."""
    rng = np.random.default_rng(0)
    nonfacts = np.concatenate([rng.normal(-9, 1, 4000), rng.normal(9, 1, 4000)])
    facts = np.concatenate([rng.normal(0, 1, 160), rng.normal(-9, 1, 240)])
    got = bits_per_fact(facts, nonfacts)
    assert got.resolution_limited
    assert got.upper == np.inf
    assert Resolution.of(Pool.of(facts, nonfacts)).unseen == pytest.approx(0.4, abs=0.01)


def test_a_level_ratio_misses_nothing():
    rng = np.random.default_rng(0)
    nonfacts = np.concatenate([rng.normal(3, 1, 100), rng.normal(-3, 1, 3100)])
    assert Resolution.of(Pool.of(rng.normal(3, 1, 400), nonfacts)).missing < 0.03
