from functools import partial

import numpy as np
import pytest
from scipy import stats

from bitsperfact.estimate import Interval, Pool, auc, binned_bits, bootstrap, hallucination_rate
from bitsperfact.estimate.clusters import clusters, effective_count
from bitsperfact.estimate.shares import share_bounds


def mean_of_facts(pool):
    return float(pool.scores @ pool.facts) / pool.n_facts


def test_a_mean_gets_the_textbook_interval():
    rng = np.random.default_rng(0)
    facts = rng.normal(0, 1, 400)
    got = bootstrap({"mean": mean_of_facts}, facts, [0.0], replicates=2000)["mean"]
    margin = 1.96 * facts.std() / np.sqrt(facts.size)
    assert got.estimate == pytest.approx(facts.mean())
    assert got.lower == pytest.approx(facts.mean() - margin, abs=0.01)
    assert got.upper == pytest.approx(facts.mean() + margin, abs=0.01)
    assert (got.n_facts, got.n_nonfacts, got.seed) == (400, 1, 0)


def test_clusters_are_drawn_whole():
    """Copies of a claim in one cluster add no information: the interval is that of the originals."""
    facts = np.random.default_rng(0).normal(0, 1, 100)
    copies = bootstrap({"mean": mean_of_facts}, np.repeat(facts, 9), [0.0], (np.repeat(np.arange(100), 9), [0]))
    originals = bootstrap({"mean": mean_of_facts}, facts, [0.0])
    assert copies["mean"].lower == pytest.approx(originals["mean"].lower)
    assert copies["mean"].upper == pytest.approx(originals["mean"].upper)


def test_two_scores_of_the_same_claims_are_resampled_together():
    rng = np.random.default_rng(0)
    facts, nonfacts = rng.normal(2, 1, 80), rng.normal(0, 1, 900)

    def gain(model, baseline):
        return binned_bits(model) - binned_bits(baseline)

    same = bootstrap({"gain": gain}, [facts, 2 * facts], [nonfacts, 2 * nonfacts])["gain"]
    assert same == Interval(0.0, 0.0, 0.0, 80, 900, 0)
    worse = bootstrap({"gain": gain}, [facts, facts - 1.5], [nonfacts, nonfacts])["gain"]
    assert 0 < worse.lower < worse.estimate < worse.upper


def test_more_replicates_extend_the_same_run():
    seen = []

    def record(pool):
        seen.append(mean_of_facts(pool))
        return seen[-1]

    for replicates in (5, 8):
        bootstrap({"mean": record}, np.arange(9.0), [0.0], replicates=replicates)
    assert seen[:6] == seen[6:12]
    assert len(set(seen[1:6])) > 1


def test_a_resample_keeps_the_number_of_claims():
    sizes = []

    def size(pool):
        sizes.append((pool.n_facts, pool.n_nonfacts))
        return 0.0

    bootstrap({"size": size}, np.arange(30.0), np.arange(50.0), replicates=20)
    assert set(sizes) == {(30, 50)}


def test_a_share_of_zero_is_not_certain():
    got = bootstrap({"rate": hallucination_rate, "auc": auc}, np.ones(50), np.zeros(200))
    assert (got["rate"].estimate, got["rate"].lower) == (0.0, 0.0)
    assert got["rate"].upper == pytest.approx(1 - 0.025 ** (1 / 200))


def test_options_travel_in_partials():
    rng = np.random.default_rng(0)
    facts, nonfacts = rng.normal(1, 1, 50), rng.normal(0, 1, 200)
    got = bootstrap({"h": partial(hallucination_rate, recall=0.5)}, facts, nonfacts, replicates=20)["h"]
    assert got.estimate == hallucination_rate(facts, nonfacts, recall=0.5)


def test_pools_and_scores_are_the_same_to_a_statistic():
    facts, nonfacts = np.array([1.0, 2.0, 2.0]), np.array([0.0, 2.0])
    assert auc(Pool.of(facts, nonfacts)) == auc(facts, nonfacts)


@pytest.mark.parametrize(("count", "n"), [(0, 20), (3, 20), (20, 20)])
def test_share_bounds_are_those_of_the_binomial_test(count, n):
    low, high = share_bounds(count, n, 0.025)
    expected = stats.binomtest(count, n).proportion_ci(0.95)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high))


def test_design_effect_of_copies_is_their_number():
    accepted = np.repeat(np.random.default_rng(0).random(500) < 0.3, 6)
    count = effective_count(accepted, clusters("nonfacts", np.repeat(np.arange(500), 6), accepted.size))
    assert count == pytest.approx(500, rel=0.01)
    assert effective_count(accepted, clusters("nonfacts", None, accepted.size)) == accepted.size


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replicates": 1}, "replicates must be at least 2, got 1"),
        ({"confidence": 0.0}, "confidence must lie strictly between 0 and 1, got 0"),
        (
            {"groups": ([0], [0, 0, 0])},
            r"groups of nonfacts must have one label per claim, shape \(2,\), got \(3,\)",
        ),
    ],
)
def test_errors_name_the_argument_and_the_reason(options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap({"auc": auc}, [1.0], [0.0, 2.0], **options)


def test_views_must_match():
    with pytest.raises(ValueError, match="facts and nonfacts must have as many views, got 2 and 1"):
        bootstrap({"auc": auc}, [[1.0], [2.0]], [0.0])
