import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.estimate import Pool, bootstrap, channel_distance, nearest_channel, q_star, x_star


@pytest.mark.parametrize("bits", [2, 5, 8])
def test_the_channel_fits_itself(bits):
    q = 2.0**-bits
    N = 100 * 2**bits
    fit = nearest_channel(np.full(300, 4.2), np.repeat([-1.0, 4.2], [N - 100, 100]))
    assert fit.threshold == 4.2
    assert fit.q_star == pytest.approx(q)
    assert fit.x_star == pytest.approx(1 / (1 + q))
    # The parameter-free prediction at equal weights.
    assert fit.q_star * fit.x_star / (1 - fit.x_star) == pytest.approx(1)
    assert (fit.recall, fit.width_fact, fit.width_nonfact, fit.distance) == pytest.approx((1, 0, 0, 0), abs=1e-12)


def test_spreading_both_classes_alike_leaves_a_channel():
    rng = np.random.default_rng(0)
    nonfacts = np.concatenate([rng.normal(-9, 1, 63_000), rng.normal(9, 1, 1000)])
    fit = nearest_channel(rng.normal(9, 1, 4000), nonfacts)
    assert fit.q_star == pytest.approx(1 / 64, rel=0.05)
    assert fit.x_star == pytest.approx(64 / 65, abs=0.01)
    assert fit.distance < 0.03


def test_forgotten_facts_are_the_distance():
    """Half of it: the law of non-facts is that of a channel."""
    facts, nonfacts = np.repeat([0.0, 1.0], [100, 900]), np.repeat([0.0, 1.0], [9900, 100])
    fit = nearest_channel(facts, nonfacts)
    assert (fit.recall, fit.q_star, fit.distance) == pytest.approx((0.9, 0.01, 0.05))


def test_graded_scores_are_no_channel():
    rng = np.random.default_rng(0)
    assert channel_distance(rng.normal(2, 1, 2000), rng.normal(0, 1, 20_000)) > 0.1


def test_scores_that_tell_nothing_are_the_channel_of_no_bits():
    rng = np.random.default_rng(0)
    fit = nearest_channel(rng.normal(0, 1, 500), rng.normal(0, 1, 5000))
    assert (fit.q_star, fit.recall) == (1, 1)
    assert fit.x_star == pytest.approx(0.5, abs=0.02)
    assert fit.distance < 0.1


def test_the_statistics_are_those_of_the_fit():
    rng = np.random.default_rng(0)
    pool = Pool.of(rng.normal(2, 1, 200), rng.normal(0, 1, 900))
    fit = nearest_channel(pool)
    assert (x_star(pool), q_star(pool), channel_distance(pool)) == (fit.x_star, fit.q_star, fit.distance)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 100), st.integers(1, 300))
def test_shares_stay_shares_and_survive_increasing_maps(seed, n, N):
    rng = np.random.default_rng(seed)
    facts, nonfacts = np.round(rng.normal(1, 1, n), 1), np.round(rng.normal(0, 1, N), 1)
    fit, mapped = nearest_channel(facts, nonfacts), nearest_channel(np.exp(facts), np.exp(nonfacts))
    shares = [fit.x_star, fit.q_star, fit.recall, fit.width_fact, fit.width_nonfact, fit.distance]
    assert all(-1e-12 <= share <= 1 + 1e-12 for share in shares)
    assert shares == [
        mapped.x_star,
        mapped.q_star,
        mapped.recall,
        mapped.width_fact,
        mapped.width_nonfact,
        mapped.distance,
    ]


def test_intervals_cover_the_law():
    rng = np.random.default_rng(0)
    nonfacts = (rng.random(6400) < 1 / 64) * 1.0
    got = bootstrap({"x": x_star, "q": q_star, "d": channel_distance}, np.ones(200), nonfacts)
    assert got["q"].lower < 1 / 64 < got["q"].upper
    assert got["x"].lower < 64 / 65 < got["x"].upper
    assert got["d"].estimate == pytest.approx(0, abs=1e-12)
