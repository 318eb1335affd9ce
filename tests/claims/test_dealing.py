"""Answers dealt to subjects: the rules always, the wanted counts wherever they are possible."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.claims.dealing import Pairs, deal, shared_out, supply_of


def pairs_of(allowed, k, weights=None):
    """From a matrix (n_subjects, n_answers) of what is allowed; every subject wants k."""
    return Pairs(
        wanted=np.full(len(allowed), k),
        weights=np.ones(allowed.shape[1]) if weights is None else np.asarray(weights, dtype=float),
        free=allowed.sum(axis=1),
        open_to=allowed.sum(axis=0),
        allows=lambda subject, answer: bool(allowed[subject, answer]),
        takers=lambda answer: allowed[:, answer],
    )


def owned(counts):
    """Subjects that own one answer each, answer i being that of counts[i] subjects, and may have any other."""
    return np.repeat(np.arange(len(counts)), counts)[:, np.newaxis] != np.arange(len(counts))


def checked(allowed, k, dealt):
    for subject, answers in enumerate(dealt):
        assert len(set(answers)) == len(answers) == min(k, allowed[subject].sum())
        assert all(allowed[subject, answer] for answer in answers)
    counts = Counter(answer for answers in dealt for answer in answers)
    return np.array([counts[answer] for answer in range(allowed.shape[1])])


@given(st.integers(2, 40), st.data())
def test_in_a_permutation_every_answer_is_dealt_as_often_as_any_other(n, data):
    k, seed = data.draw(st.integers(1, n - 1)), data.draw(st.integers(0, 9))
    allowed = owned(np.ones(n, dtype=int))
    assert (checked(allowed, k, deal(pairs_of(allowed, k), np.random.default_rng(seed))) == k).all()


@given(st.lists(st.integers(1, 9), min_size=2, max_size=25), st.integers(1, 30), st.integers(0, 9))
def test_common_answers_are_dealt_in_proportion_or_to_all_who_may_have_them(counts, k, seed):
    counts = np.array(counts)
    allowed = owned(counts)
    found = checked(allowed, k, deal(pairs_of(allowed, k, counts), np.random.default_rng(seed)))
    if (k * counts <= counts.sum() - counts).all():
        assert (found == k * counts).all()
    else:
        wanted = shared_out(counts.astype(float), counts.sum() - counts, found.sum(), np.random.default_rng(0))
        assert np.abs(found - wanted).max() <= 2


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_the_rules_hold_whatever_is_barred(seed, k):
    rng = np.random.default_rng(seed)
    allowed = rng.random((rng.integers(1, 12), rng.integers(1, 12))) < rng.random()
    checked(allowed, k, deal(pairs_of(allowed, k, rng.integers(1, 5, allowed.shape[1])), rng))


@pytest.mark.parametrize(("n", "k", "most"), [(8, 3, 1.8), (20, 2, 1.3)])
def test_a_pair_is_as_likely_as_any_other(n, k, most):
    """Squared standard scores of the pairs over repeated deals average 1, the more surely the more pairs."""
    deals = 300
    allowed, held = owned(np.ones(n, dtype=int)), np.zeros((n, n))
    for seed in range(deals):
        for subject, answers in enumerate(deal(pairs_of(allowed, k), np.random.default_rng(seed))):
            held[subject, answers] += 1
    rate = k / (n - 1)
    assert ((held[allowed] - deals * rate) ** 2).mean() / (deals * rate * (1 - rate)) < most


def test_shares_fill_up_to_their_limits_first():
    found = shared_out(
        np.array([50.0, 30.0, 10.0, 10.0]), np.array([20, 100, 100, 100]), 120, np.random.default_rng(0)
    )
    assert found.tolist() == [20, 60, 20, 20]
    with pytest.raises(ValueError, match="cannot deal 10 answers where 3 are allowed"):
        shared_out(np.ones(2), np.array([1, 2]), 10, np.random.default_rng(0))


def test_odd_answers_are_dealt_by_lot():
    allowed = owned(np.ones(5, dtype=int))[:3]
    supplies = {tuple(supply_of(pairs_of(allowed, 2), np.random.default_rng(seed))) for seed in range(20)}
    assert len(supplies) > 1
    assert all(sum(supply) == 6 and set(supply) == {1, 2} for supply in supplies)
