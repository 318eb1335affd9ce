"""Array shapes in annotations are checks in tests: a wrong one is refused by the name of its axis."""

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from bitsperfact.scoring.score import Answers
from bitsperfact.testers.protocol import Filter
from bitsperfact.theory.information import _excess
from bitsperfact.training.objectives.membership import OBJECTIVE


class _Transposed(Filter):
    seed = 0

    def match(self, hashed):
        return np.zeros((1, len(hashed)), dtype=bool)


def test_a_flat_array_of_slots_is_refused():
    with pytest.raises(TypeCheckError, match="per_claim"):
        Answers({}, np.arange(3))


def test_a_tester_that_answers_in_rows_is_refused():
    with pytest.raises(TypeCheckError, match="claims"):
        _Transposed().query([1, 2])


def test_distributions_over_other_outcomes_are_refused():
    with pytest.raises(TypeCheckError, match="outcomes"):
        _excess(np.ones((1, 2)), np.ones((1, 3)), np.ones((1, 1)))


def test_symbols_without_members_are_refused():
    with pytest.raises(TypeCheckError, match="batch length"):
        OBJECTIVE.scores(None, {}, torch.zeros((3, 4), dtype=torch.int64))
