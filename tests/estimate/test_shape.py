import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.estimate import auc, behind, shape

NAMES = {"auc", "miss_rate", "abstention_mass", "x_star", "q_star", "channel_distance", "full_recall_rate"}


def held(interval, truth):
    return interval.lower <= truth + 1e-9 and truth - 1e-9 <= interval.upper


@pytest.mark.parametrize("n", [5, 20, 240])
def test_equal_laws_are_covered(n):
    """What 0 bits have: x* = 1/2 everywhere, all accepted. 20 samples, 5 misses of one quantity: chance .3 %."""
    truth = {"auc": 0.5, "miss_rate": 0, "abstention_mass": 1, "x_star": 0.5, "q_star": 1, "channel_distance": 0}
    misses = dict.fromkeys(truth, 0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        got = shape(rng.normal(size=n), rng.normal(size=10 * n), seed=seed)
        assert set(got) == NAMES
        for name, value in truth.items():
            misses[name] += not held(got[name], value)
    assert max(misses.values()) <= 4, misses


def test_clusters_that_are_accepted_together_are_covered():
    """A subject's ten non-facts pass together: q* = 1/16 is known from as many subjects, not claims."""
    misses = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        nonfacts = np.repeat(1.0 * (rng.random(60) < 1 / 16), 10)
        got = shape(np.ones(60), nonfacts, (np.arange(60), np.repeat(np.arange(60), 10)), seed)
        misses += not held(got["q_star"], 1 / 16) or not held(got["auc"], 1 - 1 / 32)
    assert misses <= 4


def test_the_channel_of_ties():
    got = shape(np.full(400, 3.0), np.repeat([0.0, 3.0], [1900, 100]))
    assert (got["miss_rate"].estimate, got["miss_rate"].lower, got["channel_distance"].lower) == (0, 0, 0)
    assert got["miss_rate"].upper < 0.03
    for name, truth in {"q_star": 0.05, "x_star": 1 / 1.05, "auc": 0.975, "full_recall_rate": 0.05}.items():
        assert held(got[name], truth)
        assert got[name].upper - got[name].lower < 0.05


def test_a_graded_score_is_surely_no_channel():
    rng = np.random.default_rng(0)
    got = shape(rng.normal(2, 1, 1000), rng.normal(0, 1, 10_000))
    assert got["channel_distance"].lower > 0.05
    assert held(got["auc"], 0.9214)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 80))
def test_intervals_hold_their_estimates_and_stay_shares(seed, n, N):
    rng = np.random.default_rng(seed)
    facts, nonfacts = np.round(rng.normal(1, 1, n), 1), np.round(rng.normal(0, 1, N), 1)
    got = shape(facts, nonfacts, replicates=20)
    assert got["auc"].estimate == pytest.approx(auc(facts, nonfacts))
    for each in got.values():
        assert 0 <= each.lower <= each.estimate <= each.upper <= 1 + 1e-12


def test_the_best_law_is_behind_by_nothing_and_samples_are_of_whole_clusters():
    rng = np.random.default_rng(0)
    nonfacts = np.where(rng.random(2500) < 1 / 16, rng.normal(9, 1, 2500), rng.normal(-9, 1, 2500))
    groups = np.arange(100), np.arange(2500) // 10
    got = behind(rng.normal(9, 1, 100), nonfacts, groups)
    assert min(each.estimate for each in got.values()) == 0
    assert got["behind_smooth"].lower > 0
    assert got["behind_channel"].lower == 0
    assert got["behind_channel"].n_facts == 100
    assert got["behind_channel"].n_nonfacts == 2000
