import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from bitsperfact.theory import (
    bernoulli_kl_bits,
    channel_information,
    chi2,
    kl_bits,
    membership_information,
    membership_information_slope,
)

weights = st.lists(st.floats(1e-3, 1.0), min_size=4, max_size=4)


def normalised(values):
    return np.array(values) / np.sum(values)


@given(weights, weights)
def test_kl_agrees_with_scipy_and_is_not_negative(p, q):
    p, q = normalised(p), normalised(q)
    assert kl_bits(p, q) == pytest.approx(entropy(p, q, base=2), abs=1e-12)
    assert kl_bits(p, q) >= 0
    assert kl_bits(p, p) == 0


@given(weights, weights)
def test_merging_outcomes_never_adds_information(p, q):
    p, q = normalised(p), normalised(q)
    merge = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    assert kl_bits(p @ merge, q @ merge) <= kl_bits(p, q) + 1e-12
    assert chi2(p @ merge, q @ merge) <= chi2(p, q) + 1e-9


@given(weights, weights)
def test_chi2_dominates_kl(p, q):
    p, q = normalised(p), normalised(q)
    assert kl_bits(p, q) <= np.log2(1 + chi2(p, q)) + 1e-12


def test_bernoulli_is_the_two_outcome_case():
    p, q = np.array([0.0, 0.3, 0.9, 1.0]), np.array([0.2, 0.3, 0.01, 0.5])
    expected = kl_bits(np.stack([p, 1 - p], axis=-1), np.stack([q, 1 - q], axis=-1))
    assert bernoulli_kl_bits(p, q) == pytest.approx(expected)


def test_mass_where_nonfacts_have_none_is_infinitely_informative():
    assert np.isinf(kl_bits([0.5, 0.5], [1.0, 0.0]))
    assert np.isinf(chi2([0.5, 0.5], [1.0, 0.0]))
    assert chi2([1.0, 0.0], [1.0, 0.0]) == 0


def channel(bits):
    q = 2.0**-bits
    return np.array([0.0, 1.0]), np.array([1 - q, q])


@given(st.floats(0, 60), st.floats(1e-12, 0.999))
def test_membership_information_of_the_channel_in_closed_form(bits, p):
    assert channel_information(2.0**-bits, p) == pytest.approx(
        float(membership_information(*channel(bits), p)), abs=1e-9
    )


def test_the_closed_form_at_its_ends():
    p = np.array([0.0, 0.25, 0.5])
    whole_list = entropy([p[1:], 1 - p[1:]], base=2) / p[1:]
    assert channel_information(0.0, p) == pytest.approx([np.inf, *whole_list])
    assert channel_information(1.0, p) == pytest.approx([0, 0, 0], abs=1e-15)
    assert channel_information(2.0**-9, 0.0) == 9
    # Fewer hallucinations than float64 can tell from none beside the facts.
    assert channel_information([1e-20, 1e-300], 0.25) == pytest.approx([whole_list[0]] * 2)


@given(weights, weights, st.floats(1e-3, 0.9))
def test_membership_information_is_the_mutual_information_per_fact(mu_fact, mu_nonfact, p):
    mu_fact, mu_nonfact = normalised(mu_fact), normalised(mu_nonfact)
    joint = np.stack([p * mu_fact, (1 - p) * mu_nonfact])
    independent = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    expected = entropy(joint.ravel(), independent.ravel(), base=2) / p
    assert membership_information(mu_fact, mu_nonfact, p) == pytest.approx(expected, abs=1e-9)


@given(weights, weights)
def test_membership_information_falls_from_kl(mu_fact, mu_nonfact):
    mu_fact, mu_nonfact = normalised(mu_fact), normalised(mu_nonfact)
    information = [float(membership_information(mu_fact, mu_nonfact, p)) for p in (0, 1e-14, 1e-9, 1e-4, 0.1, 0.9)]
    assert information[0] == pytest.approx(kl_bits(mu_fact, mu_nonfact))
    assert information[1] == pytest.approx(information[0], abs=1e-10)
    assert all(a >= b - 1e-10 for a, b in itertools.pairwise(information))


def test_chi2_is_the_first_order_price_of_density():
    p = 1e-7
    drop = kl_bits(*channel(8)) - membership_information(*channel(8), p)
    assert drop == pytest.approx(p * chi2(*channel(8)) / (2 * np.log(2)), rel=1e-3)


@given(weights, weights)
def test_the_slope_of_membership_information_starts_at_half_of_chi2(mu_fact, mu_nonfact):
    laws = normalised(mu_fact), normalised(mu_nonfact)
    start = -chi2(*laws) / (2 * np.log(2))
    slopes = membership_information_slope(*laws, [0.0, 1e-12, 1e-300])
    assert slopes == pytest.approx(np.full(3, start), rel=1e-6, abs=1e-15)
    unseen = membership_information_slope([0.5, 0.5], [1.0, 0.0], [0.0, 0.5])
    assert unseen == pytest.approx([-np.inf, -4 * np.log2(4 / 3)])


def test_leading_axes_broadcast():
    facts = np.array([[0.5, 0.5], [0.9, 0.1]])
    assert kl_bits(facts, [0.5, 0.5]).shape == (2,)
    assert membership_information(facts, [0.5, 0.5], 0.01).shape == (2,)
    by_share = membership_information(facts, [0.5, 0.5], [[0.0], [0.01], [0.5]])
    assert by_share.shape == (3, 2)
    assert by_share[1, 1] == membership_information(facts[1], [0.5, 0.5], 0.01)


def test_outcomes_that_nonfacts_hardly_ever_show():
    rare = membership_information([0.5, 0.5], [1.0, 1e-310], 0.01)
    assert rare == pytest.approx(float(membership_information([0.5, 0.5], [1.0, 0.0], 0.01)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl_bits([0.5, 0.6], [0.5, 0.5]), "p must sum to 1"),
        (lambda: kl_bits([0.5, 0.5], [1.0]), "same number of outcomes, got 2 and 1"),
        (lambda: kl_bits([1.5, -0.5], [0.5, 0.5]), r"p must lie in \[0, 1\]"),
        (lambda: kl_bits(0.5, [0.5, 0.5]), "p must be a distribution along its last axis"),
        (lambda: bernoulli_kl_bits(0.5, np.nan), "q must be a number, got NaN"),
        (lambda: membership_information([1.0], [1.0], 1.0), r"p must lie in \[0, 1\), got 1"),
        (lambda: channel_information(-0.1, 0.5), r"q must lie in \[0, 1\], got -0.1"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
