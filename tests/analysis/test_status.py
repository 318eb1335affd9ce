"""The rule of equivalence testing, on intervals whose place is known."""

import math

import numpy as np
import pytest

from bitsperfact.analysis.status import above, judged

INF = math.inf


@pytest.mark.parametrize(
    ("interval", "within", "status"),
    [
        ((-0.1, 0.1), (-0.5, 0.5), "consistent"),
        ((-0.5, 0.5), (-0.5, 0.5), "consistent"),
        ((-50.0, 50.0), (-0.5, 0.5), "undecided"),
        ((0.0, 9.0), (0.0, 0.5), "undecided"),
        ((0.4, 0.6), (-0.5, 0.5), "undecided"),
        ((0.6, 0.7), (-0.5, 0.5), "violated"),
        ((-0.7, -0.6), (-0.5, 0.5), "violated"),
        ((3.0, INF), (2.0, INF), "consistent"),
        ((3.0, INF), (0.0, 4.0), "undecided"),
        ((3.0, INF), (0.0, 2.0), "violated"),
        ((-INF, INF), (-INF, INF), "consistent"),
        ((math.nan, 0.1), (-0.5, 0.5), "undecided"),
        ((0.0, 0.1), (math.nan, 0.5), "undecided"),
    ],
)
def test_an_interval_decides_only_where_it_is_all_within_or_all_without(interval, within, status):
    assert judged(*interval, *within) == status


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="must not be empty"):
        judged(0.0, 1.0, 0.5, -0.5)


@pytest.mark.parametrize(
    ("interval", "status"),
    [
        ((0.1, 2.0), "consistent"),
        ((0.0, 2.0), "undecided"),
        ((-1.0, 2.0), "undecided"),
        ((-1.0, 0.0), "violated"),
        ((0.0, 0.0), "violated"),
        ((0.1, INF), "consistent"),
        ((math.nan, 1.0), "undecided"),
    ],
)
def test_a_sign_is_decided_by_the_whole_interval(interval, status):
    assert above(*interval, 0.0) == status


def test_neither_decision_is_wrong_more_often_than_the_interval_misses():
    """Truths on either side of a border, normal intervals of 95 %: wrong decisions are one-sided misses."""
    rng = np.random.default_rng(0)
    for truth, wrong in ((0.5, "violated"), (0.5001, "consistent")):
        centres = rng.normal(truth, 0.1, 2000)
        said = [judged(c - 0.196, c + 0.196, -0.5, 0.5) for c in centres]
        assert said.count(wrong) <= 2000 * 0.025 + 3 * math.sqrt(2000 * 0.025)
