import numpy as np
import pytest

from bitsperfact.estimate import choice_accuracy, share_bounds


def test_by_hand():
    facts, of_facts = [3.0, 1.0, 2.0, 5.0], ["won", "lost", "tied", "alone"]
    nonfacts, of_nonfacts = (
        [1.0, 2.0, 1.0, 4.0, 2.0, 2.0, 1.0, 9.0],
        ["won"] * 2 + ["lost"] * 2 + ["tied"] * 3 + ["no fact"],
    )
    found = choice_accuracy(facts, nonfacts, (of_facts, of_nonfacts))
    assert found.n_questions == 3
    assert found.estimate == pytest.approx((1 + 0 + 1 / 3) / 3)
    assert found.chance == pytest.approx((1 / 3 + 1 / 3 + 1 / 4) / 3)
    assert (found.lower, found.upper) == pytest.approx(tuple(map(float, share_bounds(4 / 3, 3, 0.025))))


def test_several_facts_of_a_question_count_as_one():
    found = choice_accuracy([2.0, 0.0, 1.0], [1.0, 0.0], (["a", "a", "b"], ["a", "b"]))
    assert (found.n_questions, found.estimate, found.chance) == (2, 0.75, 0.5)


def test_without_a_question_nothing_is_said():
    found = choice_accuracy([1.0], [1.0], (["a"], ["b"]))
    assert (found.n_questions, found.lower, found.upper) == (0, 0.0, 1.0)
    assert np.isnan(found.estimate)
    assert np.isnan(found.chance)


@pytest.mark.parametrize("levels", [1, 3, 10**9])
def test_scores_that_say_nothing_are_at_chance_whatever_ties(levels):
    rng = np.random.default_rng(0)
    question = np.arange(4000)
    found = choice_accuracy(
        rng.integers(levels, size=4000), rng.integers(levels, size=12_000), (question, np.repeat(question, 3))
    )
    assert found.chance == 0.25
    assert found.lower <= 0.25 <= found.upper
    assert found.upper - found.lower < 0.03


def test_labels_must_fit():
    with pytest.raises(ValueError, match="one label for each score"):
        choice_accuracy([1.0, 2.0], [1.0], (["a"], ["a"]))
