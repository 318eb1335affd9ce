"""What few facts, few entities, or one entity that holds most claims, allow to be said."""

import numpy as np
import pytest
from scipy import stats

from bitsperfact.estimate import Pool, bits_per_fact
from bitsperfact.estimate.clusters import clusters
from bitsperfact.estimate.few import EffectiveCounts, differ, few_counts, few_interval
from bitsperfact.theory import bernoulli_kl_bits


def effective(facts, nonfacts):
    return EffectiveCounts.of(*(clusters("claims", np.array(each), len(each)) for each in (facts, nonfacts)))


def test_entities_of_one_size_count_as_that_many_claims():
    got = effective(np.arange(7), np.repeat(np.arange(12), 9))
    assert (got.facts, got.nonfacts, got.dominated, got.are_few) == (7, pytest.approx(12), False, True)


def test_one_entity_with_most_claims_is_told():
    got = effective(np.arange(100), np.maximum(np.arange(100) - 60, 0))
    assert got.nonfacts == pytest.approx(1 / (0.61**2 + 39 * 0.01**2))
    assert got.dominated


def test_a_single_claim_dominates_nothing():
    assert not effective([0], [0, 1]).dominated
    assert effective([0, 0], [0, 1]).dominated


def test_parts_hold_all_claims_at_their_effective_number():
    rng = np.random.default_rng(0)
    k, l = few_counts(Pool.of(rng.normal(size=40), rng.normal(size=900)), EffectiveCounts(8.0, 300.0, False))  # noqa: E741
    assert (k.sum(), l.sum()) == (pytest.approx(8), pytest.approx(300))
    # Halved from either end down to two or so.
    assert l.size == 2 * 9
    np.testing.assert_allclose(l[-3:] / l.sum(), [(15 - 8) / 900, (8 - 4) / 900, 4 / 900], atol=4 / 900)


@pytest.mark.parametrize("n", [1, 5, 20])
def test_equal_laws_are_told_apart_no_more_often_than_said(n):
    """Half of them by thresholds alone: for every count of facts at a tie of one half, exactly."""
    chance, found = stats.binom.pmf(np.arange(n + 1), n, 0.5), 0.0
    for k, weight in enumerate(chance):
        found += weight * differ(np.array([n - k, k]), np.array([500.0, 500.0]), 0.05)
    assert found <= 0.05


def test_five_facts_among_the_rarest_scores_are_told_apart():
    top = np.array([0.0, 0.0, 5.0])
    assert differ(top, np.array([1000.0, 900.0, 100.0]), 0.05)
    assert not differ(top, np.array([200.0, 800.0, 1000.0]), 0.05)
    # Lower, middle and outer scores are as good as upper ones; so is where facts are not.
    assert differ(top[::-1], np.array([100.0, 900.0, 1000.0]), 0.05)
    assert differ(np.array([0.0, 9.0, 0.0]), np.array([950.0, 100.0, 950.0]), 0.05)
    assert differ(np.array([6.0, 0.0, 6.0]), np.array([50.0, 1900.0, 50.0]), 0.05)
    assert differ(np.array([20.0, 20.0, 0.0]), np.array([500.0, 500.0, 1000.0]), 0.05)


def test_an_interval_of_many_claims_is_that_of_two_shares():
    """Recall known to two percent, the rate of non-facts exactly: the bits at recall plus and minus two errors."""
    recall, error = 0.8, 1.96 * np.sqrt(0.8 * 0.2 / 400)
    facts, nonfacts = np.array([80.0, 320.0]), np.array([9e8, 1e8])
    got = few_interval(facts, nonfacts, np.random.default_rng(0), 4000, 0.025)
    expected = [float(bernoulli_kl_bits(recall + side * error, 0.1)) for side in (-1, 1)]
    np.testing.assert_allclose(got, expected, atol=0.03)


def test_the_upper_bound_of_a_channel_is_that_of_its_rate():
    """Five facts at a tie: more bits only if fewer non-facts belong there than were seen (Jeffreys)."""
    got = few_interval(np.array([0.0, 5.0]), np.array([1500.0, 100.0]), np.random.default_rng(0), 4000, 0.025)
    assert got[1] == pytest.approx(-np.log2(stats.beta(100.5, 1500.5).ppf(0.025)), abs=0.02)
    assert got[0] < float(bernoulli_kl_bits(0.025 ** (1 / 5) + 0.25, 100 / 1600))


@pytest.mark.parametrize("n", [1, 2, 5, 10, 15, 20])
def test_little_is_found_in_nothing(n):
    """5 % of the samples at most; intervals from five facts used to leave 0 in two of three."""
    rng = np.random.default_rng(n)
    found = [bits_per_fact(rng.normal(size=n), rng.normal(size=300), replicates=100).lower > 0 for _ in range(20)]
    assert sum(found) <= 2


@pytest.mark.parametrize("reverse", [1, -1])
def test_ten_facts_show_a_channel(reverse):
    nonfacts = reverse * np.repeat([0.0, 1.0], [1500, 100])
    got = bits_per_fact(reverse * np.ones(10), nonfacts)
    assert 0.5 < got.lower < 4 < got.upper < 5
    assert got.reversed == (reverse < 0)


def test_claims_of_five_entities_show_nothing_however_many_they_are():
    rng = np.random.default_rng(0)
    offset, other = rng.normal(size=(2, 5))
    facts, nonfacts = np.repeat(np.arange(5), 40), np.repeat(np.arange(5), 400)
    scores = rng.normal(offset[facts], 0.1), rng.normal(other[nonfacts], 0.1)
    # As single claims they would be told apart for sure, and they are not by who they are about.
    assert bits_per_fact(*scores).lower > 1
    got = bits_per_fact(*scores, (facts, nonfacts))
    assert (got.lower, got.effective_facts, got.reversed) == (0.0, pytest.approx(5), False)


def test_an_entity_that_dominates_is_told_and_alone_shows_nothing():
    rng = np.random.default_rng(0)
    of_nonfacts = np.maximum(np.arange(2000) - 1400, 0)
    nonfacts = rng.normal(np.where(of_nonfacts == 0, -2.0, 0.0))
    got = bits_per_fact(rng.normal(size=200), nonfacts, (np.arange(200), of_nonfacts))
    assert got.dominated
    assert got.effective_nonfacts == pytest.approx(2.04, abs=0.01)
    assert got.lower == 0
    assert bits_per_fact(rng.normal(size=200), nonfacts).lower > 0


def test_subjects_accepted_together_are_no_more_than_so_many_claims():
    """None of 120 subjects is accepted: bits of 120 non-facts, not of 12,000."""
    subjects = np.repeat(np.arange(120), 100)
    got = bits_per_fact(np.ones(200), np.zeros(12_000), (np.arange(200), subjects))
    alone = bits_per_fact(np.ones(200), np.zeros(120))
    assert got.resolution_limited
    assert got.estimate == pytest.approx(alone.estimate, abs=0.01)
    assert got.lower < -np.log2(1 - 0.05 ** (1 / 120)) + 0.7


def test_claims_accepted_together_count_once_for_resolution():
    rng = np.random.default_rng(0)
    accepted = np.repeat(rng.random(400) < 0.05, 20) * 1.0
    apart = bits_per_fact(np.ones(200), rng.permutation(accepted), (np.arange(200), np.repeat(np.arange(400), 20)))
    together = bits_per_fact(np.ones(200), accepted, (np.arange(200), np.repeat(np.arange(400), 20)))
    assert (apart.resolution_limited, together.resolution_limited) == (False, True)
    assert together.upper - together.lower > 2 * (apart.upper - apart.lower)
