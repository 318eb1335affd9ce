"""Fewer levels: the order stays, and no share moves by more than was promised."""

import numpy as np
import pytest

from bitsperfact.analysis import levels, measure


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    return rng.normal(3, 1, 3000), np.round(rng.normal(0, 1, 20_000), 3)


def test_few_scores_keep_their_levels(scores):
    facts, nonfacts = levels.coarse(*scores)
    assert facts is scores[0]
    assert nonfacts is scores[1]


def test_scores_keep_their_order_and_classes_their_shares(scores, monkeypatch):
    monkeypatch.setattr(levels, "MOST_EXACT", 1000)
    monkeypatch.setattr(levels, "RANKS", 500)
    exact, lowered = np.concatenate(scores), np.concatenate(levels.coarse(*scores))
    assert (lowered <= exact).all()
    assert (np.diff(lowered[np.argsort(exact)]) >= 0).all()
    assert len(np.unique(lowered)) <= 4 * 500
    for before, after in zip(scores, levels.coarse(*scores), strict=True):
        for threshold in np.unique(lowered):
            assert np.mean(before >= threshold) == np.mean(after >= threshold)
        steps = -np.diff([np.mean(before >= threshold) for threshold in np.unique(lowered)])
        tie = max(np.unique(before, return_counts=True)[1]) / len(before)
        assert steps.max() <= 1 / 500 + 2 / len(before) + tie


def test_quantities_of_fewer_levels_are_those_of_all(scores, monkeypatch):
    is_fact = np.repeat([True, False], [3000, 20_000])
    groups = np.concatenate([np.arange(3000), np.arange(20_000) % 3000]).astype(np.int32)
    sample = measure.Sample(is_fact, ~is_fact, groups, 1e-3, seed=0, replicates=20)
    values = np.concatenate(scores)
    exact = {q.quantity: q for q in measure.quantities(sample, values)}
    monkeypatch.setattr(levels, "MOST_EXACT", 1000)
    monkeypatch.setattr(levels, "RANKS", 500)
    for quantity in measure.quantities(sample, values):
        before = exact[quantity.quantity]
        width = before.upper - before.lower
        if quantity.quantity in ("bits_per_fact", "bits_certified"):
            assert str(quantity) == str(before)
        else:
            assert abs(quantity.value - before.value) <= width / 2
