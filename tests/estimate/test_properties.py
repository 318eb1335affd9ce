"""What must hold for any scores."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.estimate import Pool, bits_effective, bits_per_fact, knn_divergence_bits
from bitsperfact.estimate import bits as bits_module
from bitsperfact.estimate.bootstrap import small_sample_factor
from bitsperfact.estimate.clusters import clusters
from bitsperfact.estimate.divergence import digamma_kl_bits
from bitsperfact.estimate.resampling import clustered_draws
from bitsperfact.theory import bernoulli_kl_bits, kl_bits

# Few distinct values, so that ties are common, and many, so that there are none.
tied = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=60).map(np.array)
untied = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=60).map(np.array)
scores = tied | untied


@settings(max_examples=60)
@given(scores, scores, st.randoms(use_true_random=False))
def test_the_order_of_claims_means_nothing(facts, nonfacts, random):
    shuffled = [np.array(random.sample(list(each), each.size)) for each in (facts, nonfacts)]
    assert bits_per_fact(*shuffled, replicates=10) == bits_per_fact(facts, nonfacts, replicates=10)
    assert bits_effective(*shuffled) == bits_effective(facts, nonfacts)


@settings(max_examples=60)
@given(tied, tied, st.sampled_from([np.exp, np.arctan, lambda x: 3 * x - 7, lambda x: x**3]))
def test_only_the_ranks_of_scores_count(facts, nonfacts, increasing):
    mapped = bits_per_fact(increasing(facts), increasing(nonfacts), replicates=10)
    assert mapped == bits_per_fact(facts, nonfacts, replicates=10)


@given(scores, scores)
def test_no_threshold_beats_the_divergence_of_the_sample(facts, nonfacts):
    pool = Pool.of(facts, nonfacts)
    whole = float(kl_bits(pool.facts / pool.n_facts, pool.nonfacts / pool.n_nonfacts))
    k, l = pool.binned()  # noqa: E741
    binned = float(kl_bits(k / k.sum(), l / l.sum()))
    assert binned <= whole + 1e-9
    for threshold in pool.scores:
        assert bernoulli_kl_bits(np.mean(facts >= threshold), np.mean(nonfacts >= threshold)) <= whole + 1e-9
    for edge in pool.edges:
        assert bernoulli_kl_bits(np.mean(facts >= edge), np.mean(nonfacts >= edge)) <= binned + 1e-9


@settings(max_examples=40)
@given(scores, scores)
def test_the_certificate_is_no_more_than_the_best_threshold_could_be(facts, nonfacts):
    """At most the bits of perfect recall, and of as few acceptances as all non-facts could exclude."""
    got = bits_per_fact(facts, nonfacts, replicates=2)
    assert 0 <= got.certified <= -np.log2(1 - 0.05 ** (1 / nonfacts.size)) + 1e-9
    assert 0 <= got.lower <= got.estimate <= got.upper


@given(untied, untied, st.floats(0.1, 10))
def test_nearest_neighbours_ignore_the_unit_of_scores(facts, nonfacts, unit):
    # Powers of two, so that no rounding makes or breaks a tie.
    unit = 2.0 ** np.round(np.log2(unit))
    if min(facts.size - 1, nonfacts.size) >= 2:
        one, other = (
            knn_divergence_bits(facts, nonfacts, k=2),
            knn_divergence_bits(unit * facts, unit * nonfacts, k=2),
        )
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 200))
def test_clusters_are_drawn_whole_and_binned(seed, n_clusters, n_claims):
    rng = np.random.default_rng(seed)
    values, labels = rng.normal(size=n_claims), rng.integers(n_clusters, size=n_claims)
    edges = np.array([values.min(), 0.0, 1.0]) if values.min() < 0 else np.array([values.min()])
    of = clusters("facts", labels, n_claims)
    got = clustered_draws(values, edges, of, np.random.default_rng(seed), 3)
    again = np.random.default_rng(seed)
    for row in got:
        times = np.bincount(again.integers(of.n, size=of.n), minlength=of.n)[of.label]
        resampled = np.repeat(values, times)
        expected = np.bincount(np.searchsorted(edges, resampled, side="right") - 1, minlength=edges.size)
        np.testing.assert_allclose(row, expected)


def test_many_clusters_dealt_into_parts_vary_as_they_should(monkeypatch):
    """2000 clusters of three claims alike in 200 parts: a count has the variance of 2000 draws, times nine."""
    monkeypatch.setattr("bitsperfact.estimate.resampling.MOST_PARTS", 200)
    values = np.repeat((np.arange(2000) < 500) * 1.0, 3)
    of = clusters("facts", np.repeat(np.arange(2000), 3), 6000)
    counts = clustered_draws(values, np.array([0.0, 1.0]), of, np.random.default_rng(0), 4000)
    assert (counts.sum(axis=1) == 6000).all()
    expected = 9 * 2000 * 0.25 * 0.75
    # The dealing adds a relative standard deviation of sqrt(2 / 200).
    assert abs(counts[:, 1].var() / expected - 1) < 0.3
    assert abs(counts[:, 1].mean() - 1500) < 5


def test_an_interval_open_above_has_all_of_its_error_below():
    """Twice as many non-facts as needed, but one fact in ten at a tie without: one bound, at the level of both."""
    facts, nonfacts = np.repeat([0.0, 2.0, 3.0], [40, 140, 20]), np.repeat([0.0, 2.0], [19_000, 1000])
    got = bits_per_fact(facts, nonfacts, confidence=0.9)
    assert got.upper == np.inf
    pool, singles = Pool.of(facts, nonfacts), (clusters("facts", None, 200), clusters("nonfacts", None, 20_000))
    draws = bits_module._draws(pool, (1.0, 1.0), (facts, nonfacts), singles, 0, 400)
    values = digamma_kl_bits(*draws)
    expected = got.estimate + small_sample_factor(200, 0.1) * (np.quantile(values, 0.1) - values.mean())
    assert got.lower <= expected + 1e-9
    assert got.lower > got.estimate - 2 * (got.estimate - expected)
