"""What scripts/check_verdicts.py does, fewer times: no prediction is right or wrong whatever is measured."""

import numpy as np
import pytest
from tests.scripts import load_script

check = load_script("scripts/check_verdicts.py")

CASES = list(check.cases())
#: The description needs many draws of cells, and its statuses are tested elsewhere.
QUICK = [case for case in CASES if case.prediction != "hallucination_falls_with_bits"]


def name_of(case):
    return f"{case.prediction}: {case.said}"


@pytest.mark.parametrize("case", QUICK, ids=name_of)
def test_alarms_are_rare_and_effects_are_found(case):
    rng = np.random.default_rng(7)
    seen = [check.statuses(check.run_of(case, rng), case.prediction) for _ in range(10)]
    found = check.line(case.prediction, case.said, seen, case.wrong, case.asked)
    assert found.holds, found


@pytest.mark.parametrize("status", ["consistent", "violated", "undecided"])
def test_a_judge_that_always_says_the_same_is_found_out(status):
    """For every prediction some case refuses each constant answer, so that none can come out one way alone."""
    never_violated = {"sparsity", "hallucination_falls_with_bits"}
    for prediction in {case.prediction for case in CASES}:
        own = [case for case in CASES if case.prediction == prediction]
        lines = [check.line(prediction, case.said, [[status]] * 25, case.wrong, case.asked) for case in own]
        assert not all(each.holds for each in lines), prediction
        if prediction not in never_violated:
            assert {case.asked for case in own} >= {"consistent", "violated"}


def test_all_as_predicted_raises_no_alarm():
    assert check.strict(10, 0) == 0


def test_cells_are_measured_from_scores_and_judged():
    law = next(law for law in check.LAWS if law.name.startswith(".115 bits, 110"))
    (found,) = check.from_scores(law, cells=2, seed=0)
    assert found.shares["violated"] == 1
