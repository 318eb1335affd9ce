from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad
from scipy.stats import norm
from tests.estimate import laws

from bitsperfact.estimate import ChannelFit, fit_channel, nearest_channel
from bitsperfact.estimate.mixtures import CHANNEL, FAMILIES, SMOOTH, Cells, Mixture, _loss, fit_mixture
from bitsperfact.estimate.rivals import Rival, _folds, close, compare


def fit_of(law, n=400, N=4000, seed=0, **options):
    return fit_channel(*law(np.random.default_rng(seed), n, N), replicates=100, **options)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (laws.smooth, "smooth"),
        (laws.normal, "smooth"),
        (laws.equal, "smooth"),
        (laws.channel, "channel"),
        (laws.atoms, "channel"),
        (laws.forgetting, "forgetting"),
        (laws.abstaining, "abstaining"),
    ],
)
def test_scores_are_recognised_by_their_law(law, expected):
    fit = fit_of(law)
    assert fit.winner == expected


def test_the_channel_is_found_as_it_was_drawn():
    fit = fit_of(laws.channel, 2000, 20_000)
    assert isinstance(fit, ChannelFit)
    assert fit.q_star == pytest.approx(1 / 16, rel=0.1)
    assert fit.x_star == pytest.approx(16 / 17, abs=0.01)
    assert (fit.centre_fact, fit.centre_nonfact) == pytest.approx((8, -8), abs=0.2)
    assert (fit.scale_fact, fit.scale_nonfact) == pytest.approx((1, 0.7), rel=0.1)
    assert fit.rivals[1].fitted.nonfacts[1] == pytest.approx(1 / 16, rel=0.1)
    assert fit.distance == nearest_channel(*laws.channel(np.random.default_rng(0), 2000, 20_000)).distance


def test_shares_of_the_rivals_are_found_as_they_were_drawn():
    forgetting = fit_of(laws.forgetting, 2000, 20_000).rivals[2].fitted
    assert forgetting.facts[0] == pytest.approx(0.15, abs=0.02)
    abstaining = fit_of(laws.abstaining, 2000, 20_000).rivals[3].fitted
    assert abstaining.centres == pytest.approx([-8, 0, 8], abs=0.2)
    assert abstaining.facts[1] == pytest.approx(0.15, abs=0.02)
    assert abstaining.nonfacts == pytest.approx([0.75 * 15 / 16, 0.25, 0.75 / 16], abs=0.02)


def test_p_values_of_channels_are_hardly_ever_small():
    """Well apart, so that the law is a channel: at the level of 10 %, 40 samples reject 9 with chance 0.5 %."""
    rejected = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        nonfacts = np.where(rng.random(1500) < 1 / 8, rng.normal(9, 1, 1500), rng.normal(-9, 1, 1500))
        rejected += fit_p_value(rng.normal(9, 1, 200), nonfacts) <= 0.1
    assert rejected <= 8


def fit_p_value(facts, nonfacts):
    from bitsperfact.estimate import Pool
    from bitsperfact.estimate.channel_fit import _p_value

    pool = Pool.of(facts, nonfacts)
    worth = (facts.size, nonfacts.size)
    return _p_value(pool, nearest_channel(pool), worth, np.random.default_rng(0), 39)


@pytest.mark.parametrize("law", [laws.smooth, laws.forgetting, laws.abstaining])
def test_p_values_of_rivals_are_small(law):
    assert fit_p_value(*law(np.random.default_rng(0), 400, 4000)) < 0.05


def test_copies_of_a_claim_are_no_evidence():
    """All claims of an entity score alike: a distance that independent claims could not have is noise."""
    rng = np.random.default_rng(2)
    facts, nonfacts = rng.normal(9, 1, 25), rng.normal(np.where(rng.random(300) < 0.3, 9, -9), 1)
    many = np.repeat(facts, 12), np.repeat(nonfacts, 12)
    groups = np.repeat(np.arange(25), 12), np.repeat(np.arange(100, 400), 12)
    alone, grouped = (fit_channel(*many, groups=g, replicates=60).p_value for g in (None, groups))
    assert alone < 0.05 < grouped


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_gradient_is_that_of_the_likelihood(family):
    rng = np.random.default_rng(0)
    edges = np.linspace(0, 1, 40)
    shares = rng.dirichlet(np.ones(41)), rng.dirichlet(np.ones(41))
    n = family.n_peaks
    shape = [rng.random(n), np.full(n, -1.5), rng.normal(0, 0.2, n), [0.02, -0.05]]
    theta = np.concatenate([*shape, rng.normal(size=family.n_parameters - 3 * n - 2)])
    error = check_grad(
        lambda t: _loss(t, family, edges, shares)[0], lambda t: _loss(t, family, edges, shares)[1], theta
    )
    assert error < 1e-5


def test_a_thin_peak_is_the_normal_law():
    u = np.linspace(-4, 4, 81)
    logistic = 1.5976
    peak = Mixture(
        SMOOTH,
        np.zeros(2),
        np.full(2, 1 / logistic),
        np.zeros(2),
        np.array([0.0, 1.0]),
        np.array([1.0, 0.0]),
        np.full(2, 0.0173),
    )
    chances = np.exp(peak.log_likelihoods(u)[0])
    assert chances.sum() == pytest.approx(1)
    assert np.cumsum(chances)[:-1] == pytest.approx(norm.cdf(u), abs=5e-4)


def test_a_law_that_contains_another_fits_no_worse():
    rng = np.random.default_rng(0)
    for law in (laws.smooth, laws.abstaining):
        facts, nonfacts = law(rng, 300, 1000)
        rivals = compare(facts, nonfacts, None, 0)
        edges = np.linspace(-10, 10, 200)
        totals = []
        for rival in rivals:
            by_class = rival.fitted.log_likelihoods(edges)
            cells = [np.searchsorted(edges, scores, side="right") for scores in (facts, nonfacts)]
            totals.append(sum(float(chance[cell].mean()) for chance, cell in zip(by_class, cells, strict=True)))
        smooth, channel, forgetting, abstaining = totals
        # Other cells than those fitted to, so up to their difference.
        assert smooth <= channel + 5e-3
        assert channel <= min(forgetting, abstaining) + 5e-3


def test_outliers_decide_nothing():
    facts, nonfacts = laws.channel(np.random.default_rng(0), 400, 4000)
    assert fit_channel([*facts, 1e9], [*nonfacts, -1e9], replicates=20).winner == "channel"


def test_a_law_is_out_beyond_three_standard_errors():
    fitted = fit_mixture(
        CHANNEL,
        Cells(np.linspace(0, 1, 5), np.arange(1.0, 7), np.arange(6.0, 0, -1)),
        [
            Mixture(
                CHANNEL, np.array([0.2, 0.8]), np.ones(2), np.zeros(2), np.array([0.0, 1]), np.array([0.9, 0.1])
            )
        ],
    )
    simple, rich = Rival("simple", 7, -1.1, 0.1, 0.06, fitted), Rival("rich", 9, -1.0, 0.0, 0.0, fitted)
    assert close((simple, rich)) == [simple, rich]
    assert close((replace(simple, behind_se=0.03), rich)) == [rich]


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 60), st.integers(2, 40))
def test_folds_keep_entities_whole_and_leave_both_classes(seed, n, N, labels):
    rng = np.random.default_rng(seed)
    label = rng.integers(labels, size=n + N)
    label[:2], label[n : n + 2] = (0, 1), (0, 1)
    _, label = np.unique(label, return_inverse=True)
    fold = _folds(label, n, int(label.max()) + 1, rng)
    assert all(np.unique(fold[label == each]).size == 1 for each in np.unique(label))
    for each in np.unique(fold):
        assert (fold[:n] != each).any()
        assert (fold[n:] != each).any()


def test_same_seed_same_fit():
    facts, nonfacts = laws.smooth(np.random.default_rng(0), 60, 200)
    one, two = (fit_channel(facts, nonfacts, seed=3, replicates=20) for _ in range(2))
    assert (one.winner, one.p_value, one.seed, one.n_facts, one.n_nonfacts) == (
        two.winner,
        two.p_value,
        3,
        60,
        200,
    )
    assert [rival.heldout_nats for rival in one.rivals] == [rival.heldout_nats for rival in two.rivals]


def test_scores_all_alike_are_no_channel():
    fit = fit_channel(np.ones(5), np.ones(9), replicates=20)
    assert (fit.winner, fit.q_star, fit.distance, fit.p_value) == ("smooth", 1, 0, 1)


@pytest.mark.parametrize(
    ("facts", "nonfacts", "options", "message"),
    [
        ([], [1.0], {}, "facts must hold at least one score, got none"),
        ([1.0, 2.0], [], {}, "nonfacts must hold at least one score, got none"),
        ([1.0, np.nan], [1.0, 2.0], {}, "facts must be finite scores, got nan at position 1"),
        ([1.0, 2.0], [np.inf, 2.0], {}, "nonfacts must be finite scores, got inf at position 0"),
        ([1.0], [1.0, 2.0], {}, "facts must come from at least two groups to hold one out, got 1"),
        ([1.0, 2.0], [1.0, 2.0], {"groups": ([0, 1], [2, 2])}, "nonfacts must come from at least two groups"),
        ([1.0, 2.0], [1.0, 2.0], {"groups": ([0], [1, 2])}, "groups of facts must have one label per claim"),
        ([1.0, 2.0], [1.0, 2.0], {"replicates": 0}, "replicates must be at least 1, got 0"),
    ],
)
def test_errors_name_the_argument_and_the_reason(facts, nonfacts, options, message):
    with pytest.raises(ValueError, match=message):
        fit_channel(facts, nonfacts, **options)
