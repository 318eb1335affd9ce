import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.estimate import abstention_mass, auc, hallucination_rate, miss_rate, posterior

# Few distinct values, so that ties are common.
scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30).map(np.array)


@given(scores, scores)
def test_auc_is_the_share_of_pairs_won(facts, nonfacts):
    difference = facts[:, None] - nonfacts[None, :]
    assert auc(facts, nonfacts) == pytest.approx(np.mean((difference > 0) + 0.5 * (difference == 0)))


@given(scores, scores, st.floats(0.01, 1))
def test_hallucination_rate_is_that_of_the_highest_admissible_threshold(facts, nonfacts, recall):
    admissible = [t for t in facts if np.mean(facts >= t) >= recall - 1e-12]
    assert hallucination_rate(facts, nonfacts, recall=recall) == np.mean(nonfacts >= max(admissible))


def pool_adjacent_violators(facts, nonfacts):
    blocks = []
    for level in np.unique(np.concatenate([facts, nonfacts])):
        p, q = np.mean(facts == level), np.mean(nonfacts == level)
        blocks.append([p, p + q, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            top = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], top, strict=True)]
    return np.concatenate([[p / w] * n for p, w, n in blocks])


@given(scores, scores)
def test_posterior_is_the_isotonic_regression(facts, nonfacts):
    fitted = posterior(facts, nonfacts)
    assert fitted.probability == pytest.approx(pool_adjacent_violators(facts, nonfacts))
    # Calibrated at equal class weights: on average the posterior is the prior.
    assert 0.5 * (fitted.at(facts).mean() + fitted.at(nonfacts).mean()) == pytest.approx(0.5)


@given(scores, scores)
def test_rank_statistics_survive_any_increasing_map(facts, nonfacts):
    for statistic in (auc, hallucination_rate, miss_rate, abstention_mass):
        assert statistic(np.exp(facts) - 3, np.exp(nonfacts) - 3) == statistic(facts, nonfacts)


def test_the_channel_has_its_confidence_as_posterior():
    nonfacts = np.repeat([0.0, 9.0], [3 * 64, 64])
    fitted = posterior(np.full(100, 9.0), nonfacts)
    q = 0.25
    assert fitted.probability == pytest.approx([0, 1 / (1 + q)])
    assert fitted.at([-1.0, 0.0, 5.0, 9.0, 10.0]) == pytest.approx([0, 0, 0, 0.8, 0.8])
    assert miss_rate(np.full(100, 9.0), nonfacts) == 0
    assert abstention_mass(np.full(100, 9.0), nonfacts) == 0


def test_forgotten_facts_are_misses_and_blind_scores_abstain():
    facts = np.repeat([0.0, 1.0], [30, 70])
    nonfacts = np.repeat([0.0, 1.0], [999, 1])
    assert miss_rate(facts, nonfacts) == pytest.approx(0.3)
    assert abstention_mass(np.zeros(5), np.zeros(9)) == 1


@pytest.mark.parametrize(
    ("facts", "nonfacts", "message"),
    [
        ([], [1.0], "facts must hold at least one score"),
        ([1.0], [], "nonfacts must hold at least one score"),
        ([1.0, np.nan], [1.0], "facts must be finite scores, got nan at position 1"),
        ([1.0], [-np.inf], "nonfacts must be finite scores, got -inf at position 0"),
        ([[1.0]], [1.0], "facts must be a 1-D array"),
    ],
)
def test_scores_that_cannot_be_used_are_named(facts, nonfacts, message):
    for statistic in (auc, hallucination_rate, miss_rate, abstention_mass, posterior):
        with pytest.raises(ValueError, match=message):
            statistic(facts, nonfacts)


def test_recall_must_be_a_share():
    with pytest.raises(ValueError, match=r"recall must lie in \(0, 1\], got 0"):
        hallucination_rate([1.0], [0.0], recall=0.0)
