"""The certificate: never above the truth, whatever the clusters, ties and order; and near it where it can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bitsperfact.estimate.certificate import _majorant_bits, _missed_counts, certified_bits
from bitsperfact.estimate.clusters import clusters, effective_count
from bitsperfact.estimate.shares import ClusteredShare
from bitsperfact.theory import bernoulli_kl_bits, kl_bits


def certificate(facts, nonfacts, fact_labels=None, nonfact_labels=None, confidence=0.95):
    of = clusters("facts", fact_labels, facts.size), clusters("nonfacts", nonfact_labels, nonfacts.size)
    return certified_bits(facts, nonfacts, *of, confidence)


def together(rng, sizes, q):
    """Non-facts of a subject are accepted together, with probability q. Returns scores and labels."""
    return np.repeat((rng.random(len(sizes)) < q) * 1.0, sizes), np.repeat(np.arange(len(sizes)), sizes)


def upper(bound, marked, error):
    return float(bound.upper([bound.count(marked)], np.array([error]))[0])


def share_above(truth, draw, repetitions=30):
    """How often the certificate of `draw(rng)` lies above the truth."""
    children = np.random.SeedSequence(5).spawn(repetitions)
    return np.mean([certificate(*draw(np.random.default_rng(child))) > truth + 1e-9 for child in children])


@pytest.mark.parametrize(("subjects", "each", "q"), [(120, 100, 0.01), (60, 20, 0.03), (400, 10, 0.005)])
def test_subjects_accepted_as_a_whole_do_not_mislead(subjects, each, q):
    def draw(rng):
        scores, labels = together(rng, [each] * subjects, q)
        return np.ones(subjects), scores, None, labels

    assert share_above(-np.log2(q), draw) == 0
    # The law is one that tells: as claims of their own they do mislead.
    assert share_above(-np.log2(q), lambda rng: draw(rng)[:2]) > 0.1


@pytest.mark.parametrize("sizes", [[2000] + [10] * 200, [1, 10] * 150, [500, 200, 100] + [1] * 800])
def test_one_entity_with_most_of_the_claims_does_not_mislead(sizes):
    def draw(rng):
        scores, labels = together(rng, sizes, 0.04)
        return np.ones(200), scores, None, labels

    assert share_above(-np.log2(0.04), draw, 20) == 0


def test_large_subjects_alone_accepted_do_not_mislead():
    """A law that depends on size: subjects of ten accept with chance .06, subjects of one never."""
    sizes = [1, 10] * 150

    def draw(rng):
        scores, labels = together(rng, sizes, 0.06)
        return np.ones(200), scores * np.repeat(np.equal(sizes, 10), sizes), None, labels

    assert share_above(-np.log2(0.06 * 10 / 11), draw, 20) <= 0.05


def test_facts_of_one_entity_known_together_do_not_mislead():
    def draw(rng):
        known, labels = together(rng, [10] * 40, 0.8)
        return known, (rng.random(4000) < 0.05) * 1.0, labels, None

    truth = float(kl_bits([0.8, 0.2], [0.05, 0.95]))
    assert share_above(truth, draw, 20) == 0
    assert share_above(truth, lambda rng: draw(rng)[:2], 20) > 0.1


def test_a_fact_may_go_with_the_nonfacts_of_its_entity():
    """Entities have offsets that both share; facts are N(1.5, 2) and non-facts N(0, 2) all the same."""
    truth = 1.5**2 / 2 / 2 / np.log(2)

    def draw(rng):
        offset = rng.normal(size=150)
        facts = offset + rng.normal(1.5, 1, 150)
        return facts, np.repeat(offset, 4) + rng.normal(size=600), None, np.repeat(np.arange(150), 4)

    assert share_above(truth, draw, 20) == 0


@pytest.mark.parametrize(("n", "N"), [(1, 1), (5, 20), (30, 2000)])
def test_equal_laws_certify_nothing(n, N):
    assert share_above(0.0, lambda rng: (rng.normal(size=n), rng.normal(size=N)), 20) <= 0.05
    assert share_above(0.0, lambda rng: ((rng.random(n) < 0.5) * 1.0, (rng.random(N) < 0.5) * 1.0), 20) <= 0.05


def test_little_is_lost():
    """Bits certified of known laws: so many at least, for the mean of five samples."""
    rng = np.random.default_rng(0)

    def mean(draw):
        return np.mean([certificate(*draw()) for _ in range(5)])

    assert mean(lambda: (np.ones(400), (rng.random(1600) < 1 / 16) * 1.0)) > 3.4
    assert mean(lambda: (np.ones(400), (rng.random(25_600) < 1 / 256) * 1.0)) > 7.3
    # No threshold alone tells more than 2.03 of the 2.89 bits of two normal laws.
    assert mean(lambda: (rng.normal(2, 1, 20_000), rng.normal(0, 1, 200_000))) > 2.5
    # Facts that are known to be low, and facts on both sides.
    assert mean(lambda: (-np.ones(400), (rng.random(1600) < 1 / 16) * -1.0)) > 3.1
    assert mean(lambda: (rng.normal(0, 3, 2000), rng.normal(0, 1, 20_000))) > 1.5


def test_nothing_accepted_is_worth_the_independent_draws():
    """From 100 subjects of 20 little more than from 100 non-facts, and much less than from 2,000."""
    facts, nonfacts = np.ones(1000), np.zeros(2000)
    of_subjects = certificate(facts, nonfacts, None, np.repeat(np.arange(100), 20))
    assert of_subjects == pytest.approx(certificate(facts, np.zeros(100)), abs=0.25)
    assert of_subjects < certificate(facts, nonfacts) - 3.5


labelled = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 9)), min_size=1, max_size=60)


@settings(max_examples=25)
@given(labelled, labelled, st.randoms(use_true_random=False))
def test_neither_order_nor_scale_nor_names_count(facts, nonfacts, random):
    first, second = np.array(facts), np.array(nonfacts)
    expected = certificate(first[:, 0] * 1.0, second[:, 0] * 1.0, first[:, 1], second[:, 1])
    shuffled = [np.array(random.sample(each, len(each))) for each in (facts, nonfacts)]
    names = random.sample([f"entity {k}" for k in range(10)], 10)
    got = certificate(
        *(np.exp(each[:, 0] / 2) - 7 for each in shuffled), *(np.array(names)[each[:, 1]] for each in shuffled)
    )
    assert got == expected
    assert 0 <= expected < np.inf


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=2, max_size=8), st.data())
def test_the_majorant_of_what_lies_below_a_curve_is_less(law, data):
    """All points of a ROC curve give its divergence (likelihood ratios in order), points below it no more."""
    p, q = (np.array(each, dtype=float) for each in zip(*sorted(law, key=lambda w: -w[0] / w[1]), strict=True))
    if p.sum() == 0:
        return
    p, q = p / p.sum(), q / q.sum()
    truth = float(kl_bits(p, q))
    curve = np.column_stack([np.cumsum(q), np.cumsum(p)])
    assert _majorant_bits(curve) == pytest.approx(truth, abs=1e-9)
    moves = data.draw(st.lists(st.tuples(st.integers(0, len(p) - 1), st.floats(0, 0.3), st.floats(0, 1))))
    below = np.array([(curve[k, 0] + right, curve[k, 1] * down) for k, right, down in moves]).reshape(-1, 2)
    assert _majorant_bits(below) <= truth + 1e-9


def test_a_point_below_the_line_of_its_neighbours_is_not_used():
    """Two points below the curve of a filter (.9, .1): joined by lines they would say 2.89 of 2.54 bits."""
    points = np.array([[0.1, 0.5], [0.11, 0.89]])
    expected = float(bernoulli_kl_bits(0.89, 0.11))
    assert _majorant_bits(points) == pytest.approx(expected)
    assert _majorant_bits(points[::-1]) == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 2, 7, 30, 240, 528, 530, 10**6])
def test_levels_start_at_no_miss_and_leave_a_fact(n):
    counts = _missed_counts(n)
    assert counts[0] == 0
    assert (np.diff(counts) > 0).all()
    assert counts[-1] < n
    assert counts.size <= 25


def test_single_claims_have_the_bound_of_clopper_and_pearson():
    share = ClusteredShare.weighing(clusters("claims", None, 50), 0.01)
    for k in (0, 3, 50):
        expected = stats.binomtest(k, 50).proportion_ci(0.98).high
        assert upper(share, np.arange(50) < k, 0.01) == pytest.approx(expected)


SIZES = {"equal": [8] * 60, "uneven": [1, 2, 15] * 20, "dominated": [300] + [4] * 75, "two": [5, 5]}


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("concentration", [0.05, 2.0, 500.0])
def test_bounds_of_clustered_shares_hold(sizes, concentration):
    """Clusters' shares are beta-distributed: nearly all or none, spread, or nearly equal."""
    rng, share, error = np.random.default_rng(1), 0.15, 0.1
    labels = np.repeat(np.arange(len(sizes)), sizes)
    bound = ClusteredShare.weighing(clusters("claims", labels, labels.size), error)
    low = 0
    for _ in range(150):
        chance = rng.beta(concentration * share, concentration * (1 - share), len(sizes))
        marked = rng.random(labels.size) < chance[labels]
        highest = upper(bound, marked, error)
        assert highest > marked.mean() or marked.all()
        low += highest < share
    # A tenth of 150 is 15, and 3.7 its standard deviation.
    assert low <= 24


def test_the_bet_knows_how_alike_clusters_are():
    """60 clusters of 8, a quarter of each marked: nearly the bound of 480 claims, far below that of 60."""
    labels = np.repeat(np.arange(60), 8)
    bound = ClusteredShare.weighing(clusters("claims", labels, 480), 0.025)
    alike = upper(bound, np.tile(np.arange(8) < 2, 60), 0.025)
    unlike = upper(bound, labels < 15, 0.025)
    assert stats.binomtest(120, 480).proportion_ci(0.95).high < alike < 0.32
    assert unlike > stats.binomtest(15, 60).proportion_ci(0.95).high > alike + 0.05


def test_clusters_count_where_a_design_effect_is_unknown():
    labels = np.repeat(np.arange(100), 10)
    of = clusters("nonfacts", labels, 1000)
    assert effective_count(np.zeros(1000, dtype=bool), of) == 100
    assert effective_count(np.ones(1000, dtype=bool), of) == 100
    assert effective_count(labels < 5, of) <= 100
    # One accepted claim in each of many: the claims are as good as independent.
    assert effective_count(np.tile(np.arange(10) < 1, 100), of) == 1000
    uneven = clusters("nonfacts", np.repeat([0, 1, 2], [98, 1, 1]), 100)
    assert effective_count(np.zeros(100, dtype=bool), uneven) == pytest.approx(100**2 / (98**2 + 2))
