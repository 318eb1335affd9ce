import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import rel_entr
from tests.estimate import laws

from bitsperfact.estimate import Pool, binned_bits, bits_effective, bits_per_fact, knn_divergence_bits
from bitsperfact.estimate.bins import LEAST_COUNT, UNLIKE, bin_starts
from bitsperfact.estimate.divergence import digamma_kl_bits
from bitsperfact.theory import bernoulli_kl_bits, budget_optimum, kl_bits


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.7, 0.3), (0.9, 0.2)])
def test_digamma_correction_removes_the_bias_exactly_enough(p, q):
    n, N = 60, 80
    k, l = np.arange(n + 1), np.arange(N + 1)  # noqa: E741
    chance = np.outer(stats.binom.pmf(k, n, p), stats.binom.pmf(l, N, q))
    estimate = [[digamma_kl_bits(np.array([i, n - i]), np.array([j, N - j])) for j in l] for i in k]
    assert float((chance * estimate).sum()) == pytest.approx(float(bernoulli_kl_bits(p, q)), abs=3e-3)


def kl_plug_in_bits(facts, nonfacts):
    return float(kl_bits(facts / facts.sum(), nonfacts / nonfacts.sum()))


def test_edges_chosen_by_rank_are_no_more_biased_than_fixed_ones():
    """Facts and non-facts uniform: the ratio is 1 and the truth 0, whatever the edges."""
    rng = np.random.default_rng(0)
    pools = [Pool.of(rng.random(300), rng.random(600)) for _ in range(300)]
    in_bins_of_the_data = np.mean([kl_plug_in_bits(*pool.binned()) for pool in pools])
    assert in_bins_of_the_data > 0.05
    assert abs(np.mean([binned_bits(pool) for pool in pools])) < in_bins_of_the_data / 4


many_scores = st.lists(st.integers(-20, 20).map(float), min_size=10, max_size=200).map(np.array)


def likelihood_ratio(one, other):
    """Twice its logarithm, of two rows of counts having one distribution."""
    table = np.array([one, other])
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    return 2 * float(rel_entr(table, expected).sum())


@given(many_scores, many_scores)
def test_a_bin_is_short_of_a_class_only_where_its_neighbours_are_unlike_it(facts, nonfacts):
    pool = Pool.of(facts, nonfacts)
    counts = np.array(pool.binned()).T
    assert counts.sum(0).tolist() == [facts.size, nonfacts.size]
    assert pool.bins[0] == 0
    assert (np.diff(pool.bins) > 0).all()
    for i, one in enumerate(counts):
        if (one < LEAST_COUNT).any():
            beside = [counts[j] for j in (i - 1, i + 1) if 0 <= j < len(counts)]
            assert all(likelihood_ratio(one, other) >= UNLIKE - 1e-9 for other in beside)


ATOMS = {
    "tie above": ([1.0, 0.0], [0.05, 0.95]),
    "tie below": ([0.0, 1.0], [0.95, 0.05]),
    "ties on either side": ([0.0, 1.0, 0.0], [0.45, 0.05, 0.5]),
    "tie between": ([0.5, 0.0, 0.5], [0.04, 0.9, 0.06]),
    "several": ([0.02, 0.4, 0.0, 0.3, 0.08, 0.2], [0.4, 0.05, 0.3, 0.02, 0.2, 0.03]),
}


@pytest.mark.parametrize("law", ATOMS.values(), ids=ATOMS)
def test_heavy_ties_at_their_expected_counts(law):
    p, q = np.array(law)
    level = np.arange(p.size, dtype=float)
    got = bits_per_fact(
        np.repeat(level, np.rint(400 * p).astype(int)), np.repeat(level, np.rint(4000 * q).astype(int))
    )
    truth = float(kl_bits(p, q))
    assert got.estimate == pytest.approx(truth, abs=0.02)
    assert got.lower < truth < got.upper < truth + 0.5
    assert not got.resolution_limited


@settings(max_examples=60, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(2, 10), st.sampled_from([0.3, 1.0, 3.0]))
def test_random_laws_of_ties(seed, n_atoms, evenness):
    """Within four standard deviations (delta method) of the exact divergence, facts possibly missing at some."""
    rng, n, N = np.random.default_rng(seed), 2000, 20_000
    p, q = rng.dirichlet(np.full(n_atoms, evenness), size=2)
    p[rng.integers(n_atoms)] *= rng.integers(2)
    q = np.maximum(q, 0.002)
    p, q = p / p.sum(), q / q.sum()
    ratio, held = p / q, p > 0
    log_ratio = np.log2(ratio, where=held, out=np.zeros(n_atoms))
    truth = float(p @ log_ratio)
    variance = (p @ log_ratio**2 - truth**2) / n + (q @ ratio**2 - 1) / N / np.log(2) ** 2
    facts, nonfacts = (rng.choice(n_atoms, size, p=law) for size, law in ((n, p), (N, q)))
    assert abs(binned_bits(facts, nonfacts) - truth) < 4 * np.sqrt(variance) + 0.01


@pytest.mark.parametrize("law", [laws.channel, laws.smooth, laws.abstaining, laws.forgetting])
def test_facts_below_are_told_as_well_as_facts_above(law):
    facts, nonfacts = law(np.random.default_rng(0), 400, 4000)
    above, below = bits_per_fact(facts, nonfacts), bits_per_fact(-facts, -nonfacts)
    assert below.estimate == pytest.approx(above.estimate, abs=0.05)
    assert below.upper == pytest.approx(above.upper, abs=0.07)
    assert (above.reversed, below.reversed) == (False, True)


@pytest.mark.parametrize(("facts_at", "nonfacts_at"), [([0.0], [-9.0, 9.0]), ([-9.0, 9.0], [0.0])])
def test_facts_between_and_around_non_facts(facts_at, nonfacts_at):
    """Each peak of facts has its own crowd of non-facts beside it, and none may be poured into it."""
    rng, n, N, q, found = np.random.default_rng(0), 400, 6400, 1 / 64, []
    for _ in range(10):
        facts = rng.choice(facts_at, n) + rng.normal(size=n)
        at = np.where(np.arange(N) < q * N, rng.choice(facts_at, N), rng.choice(nonfacts_at, N))
        found.append(bits_per_fact(facts, at + rng.normal(size=N), replicates=50))
    assert np.mean([each.estimate for each in found]) == pytest.approx(6, abs=0.1)
    assert all(each.lower < 6 < each.upper < 7 for each in found)


@pytest.mark.parametrize("n", [10, 14, 24, 29])
def test_what_is_left_over_of_the_facts_is_not_poured_into_the_crowd(n):
    """After the last five facts come fewer, and below them non-facts in bins too small to be unlike each."""
    rng = np.random.default_rng(0)
    draws = ((rng.random(n), np.concatenate([rng.uniform(-20, -10, 1500), rng.random(100)])) for _ in range(100))
    assert np.mean([binned_bits(*each) for each in draws]) == pytest.approx(4, abs=0.25)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_copies_of_claims_are_worth_one(noise):
    """An entity's claims score alike, so that a fine bin is of one class alone: 1.7 bits out of nothing."""
    rng, found = np.random.default_rng(0), []
    of = np.repeat(np.arange(40), 20), np.repeat(np.arange(100, 260), 20)
    for _ in range(20):
        scores = [rng.normal(size=300)[each] + noise * rng.normal(size=each.size) for each in of]
        found.append(bits_per_fact(*scores, of, replicates=50))
    assert np.mean([each.estimate for each in found]) < 0.15
    assert sum(each.lower > 0 for each in found) <= 2


def test_copies_are_no_more_sure_than_their_originals():
    rng = np.random.default_rng(0)
    facts, nonfacts = laws.channel(rng, 200, 2000)
    labels = np.repeat(np.arange(200), 8), np.repeat(np.arange(2000), 8)
    one, many = bits_per_fact(facts, nonfacts), bits_per_fact(np.repeat(facts, 8), np.repeat(nonfacts, 8), labels)
    assert many.estimate == pytest.approx(one.estimate, abs=0.05)
    assert many.upper - many.lower == pytest.approx(one.upper - one.lower, rel=0.25)


def test_merging_spares_the_tie_that_carries_the_divergence():
    """Three hallucinations in a thousand: a bin of five would have to swallow all other non-facts."""
    assert bin_starts(np.array([0.0, 100.0]), np.array([997.0, 3.0])).tolist() == [0, 1]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(20, 200), st.integers(20, 500))
def test_everything_survives_an_increasing_map(seed, n, N):
    rng = np.random.default_rng(seed)
    facts, nonfacts = np.round(rng.normal(2, 1, n), 2), np.round(rng.normal(0, 1, N), 2)
    assert bits_per_fact(facts, nonfacts, replicates=10) == bits_per_fact(facts**3, nonfacts**3, replicates=10)
    assert bits_effective(facts, nonfacts) == bits_effective(facts**3, nonfacts**3)


@pytest.mark.parametrize("bits", [2, 5, 8])
def test_the_channel_at_its_expected_counts(bits):
    N = 100 * 2**bits
    nonfacts = np.repeat([0.0, 1.0], [N - 100, 100])
    got = bits_per_fact(np.ones(300), nonfacts)
    assert got.estimate == pytest.approx(bits, abs=0.02)
    assert got.lower < bits < got.upper
    assert got.certified < bits
    assert not got.resolution_limited
    assert bits_effective(np.ones(300), nonfacts) == pytest.approx(bits, abs=0.03)


def test_effective_bits_charge_for_forgotten_facts():
    """Forgetting a share f: q' = 2^(-b / (1 - f)), and the loss is what the posterior of the two scores has."""
    f, q = 0.1, 0.01
    facts, nonfacts = np.repeat([0.0, 1.0], [100, 900]), np.repeat([0.0, 1.0], [99_000, 1000])
    lost = f / (f + 1 - q)
    kept = (1 - f) / (1 - f + q)
    loss = -0.5 * (f * np.log(lost) + (1 - f) * np.log(kept) + (1 - q) * np.log(1 - lost) + q * np.log(1 - kept))
    bits = bits_effective(facts, nonfacts)
    assert float(budget_optimum(bits).loss_nats) == pytest.approx(loss, rel=0.01)
    assert bits < binned_bits(facts, nonfacts) - 1


def test_effective_bits_of_one_claim_per_class_are_none():
    assert bits_effective([0.0], [0.0]) == pytest.approx(0, abs=1e-6)
    assert 0 <= bits_effective([1.0], [0.0, 0.0]) <= 1


def test_effective_bits_stay_within_what_the_sample_shows():
    assert bits_effective(np.ones(50), np.zeros(1024)) == pytest.approx(10)
    assert bits_effective(np.zeros(50), np.zeros(1024)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("law", [laws.channel, laws.smooth, laws.forgetting])
def test_resolved_samples_are_bounded_above(law):
    """A bin of a fact without a non-fact in the bulk left one sample in six open above."""
    for seed in range(15):
        got = bits_per_fact(*law(np.random.default_rng(seed), 300, 3000), replicates=50)
        assert not got.resolution_limited
        assert got.upper < got.estimate + 1


@pytest.mark.parametrize(("share", "bounded"), [(0.01, True), (0.1, False)])
def test_facts_at_a_tie_of_their_own_may_be_worth_any_number_of_bits(share, bounded):
    facts, nonfacts = np.repeat([1.0, 2.0], [round(500 * (1 - share)), round(500 * share)]), np.zeros(8000)
    nonfacts[:500] = 1.0
    got = bits_per_fact(facts, nonfacts)
    assert got.resolution_limited != bounded
    assert np.isfinite(got.upper) == bounded
    assert got.upper > got.estimate + share * 3 / np.log(2)


def test_unseen_rates_are_not_bounded_above():
    got = bits_per_fact(np.ones(100), np.zeros(1000))
    assert got.upper == np.inf
    assert got.resolution_limited
    assert 0 < got.certified < np.log2(1000)
    assert np.isfinite(got.estimate)


def test_tiny_samples_give_an_answer():
    got = bits_per_fact([2.0], [1.0])
    assert (got.certified, got.resolution_limited) == (0.0, True)
    assert (got.lower, got.upper, got.reversed) == (0.0, np.inf, False)


def test_same_seed_same_answer_and_counts_are_kept():
    rng = np.random.default_rng(1)
    facts, nonfacts = rng.normal(2, 1, 50), rng.normal(0, 1, 700)
    one, two = (bits_per_fact(facts, nonfacts, seed=7) for _ in range(2))
    assert one == two
    assert (one.n_facts, one.n_nonfacts, one.seed, one.confidence) == (50, 700, 7, 0.95)


def brute_force_knn_bits(facts, nonfacts, k):
    rho = np.sort(np.abs(facts[:, None] - facts[None, :]), axis=1)[:, k]
    nu = np.sort(np.abs(facts[:, None] - nonfacts[None, :]), axis=1)[:, k - 1]
    return (np.mean(np.log(nu / rho)) + np.log(nonfacts.size / (facts.size - 1))) / np.log(2)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_nearest_neighbours_agree_with_all_pairs(k):
    rng = np.random.default_rng(0)
    facts, nonfacts = rng.normal(1, 1, 40), rng.normal(0, 1, 90)
    expected = brute_force_knn_bits(facts, nonfacts, k)
    assert knn_divergence_bits(facts, nonfacts, k=k) == pytest.approx(expected)


def test_nearest_neighbours_cross_check_the_bins():
    rng = np.random.default_rng(0)
    facts, nonfacts = rng.normal(2, 1, 4000), rng.normal(0, 1, 40_000)
    truth = 2 / np.log(2)
    assert knn_divergence_bits(facts, nonfacts) == pytest.approx(truth, abs=0.2)
    assert binned_bits(facts, nonfacts) == pytest.approx(truth, abs=0.2)
    assert np.isnan(knn_divergence_bits(np.round(facts, 1), nonfacts))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bits_per_fact([1.0], [np.inf]), "nonfacts must be finite scores, got inf"),
        (lambda: bits_per_fact([1.0], [0.0, np.nan]), "nonfacts must be finite scores, got nan at position 1"),
        (lambda: bits_per_fact([-np.inf], [0.0]), "facts must be finite scores, got -inf at position 0"),
        (
            lambda: bits_per_fact([], [1.0]),
            "facts must hold at least one score, got none: both classes are needed",
        ),
        (lambda: bits_per_fact([1.0], []), "nonfacts must hold at least one score, got none"),
        (lambda: bits_per_fact([], []), "facts must hold at least one score, got none"),
        (lambda: bits_per_fact([[1.0]], [1.0]), "facts must be a 1-D array of scores"),
        (
            lambda: bits_per_fact([1.0], [0.0, 2.0], groups=([1], [1])),
            r"groups of nonfacts must have one label per claim, shape \(2,\), got \(1,\)",
        ),
        (lambda: bits_per_fact([1.0], [0.0], groups=np.arange(2)), "groups must be a pair, .* got a ndarray"),
        (lambda: bits_per_fact([1.0], [0.0], groups=([1],)), "groups must be a pair, .* got 1 of them"),
        (lambda: bits_per_fact([1.0], [0.0], groups=(None, [1])), "groups of facts must have one label per claim"),
        (
            lambda: bits_per_fact([1.0], [0.0], groups=([1, 2], [1])),
            "groups of facts must have one label per claim",
        ),
        (lambda: bits_per_fact([1.0], [0.0], confidence=1.0), "confidence must lie strictly between 0 and 1"),
        (lambda: bits_per_fact([1.0], [0.0], replicates=1), "replicates must be at least 2"),
        (lambda: knn_divergence_bits([1.0, 2.0], [0.0], k=2), "k must be at least 1, below the number of facts"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
