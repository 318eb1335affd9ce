"""The estimates against laws of known divergence: what scripts/check_estimators.py does, fewer times."""

import pytest
from tests.scripts import load_script

check_estimators = load_script("scripts/check_estimators.py")
known_laws = load_script("scripts/known_laws.py")

#: What subjects accepted together certify is a matter of clusters: `test_few` has their estimate.
AFFORDABLE = [case for case in check_estimators.cases() if case.n_nonfacts <= 5_000 and case.regime != "together"]


@pytest.mark.parametrize("case", AFFORDABLE, ids=lambda case: f"{case.law.name}, {case.n_nonfacts}")
def test_estimates_keep_what_they_promise(case):
    # 40 repetitions at a fixed seed: a share of 5 % has a standard deviation of 3.4 %.
    assert check_estimators.failures(check_estimators.examine(case, 40, seed=3), slack=0.07) == []


def test_the_check_can_fail():
    case = check_estimators.Case(known_laws.channel(4), 200, 3200, "resolved")
    good = check_estimators.examine(case, 20)
    lie = known_laws.Law("lie", 5.0, case.law.draw)
    bad = check_estimators.examine(check_estimators.Case(lie, 200, 3200, "resolved"), 20)
    assert check_estimators.failures(good, slack=0.1) == []
    assert {"bias of 5 % or more", "covers too rarely"} <= set(check_estimators.failures(bad, slack=0.1))
