"""What is known of a tester, and when a measurement contradicts it."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from bitsperfact.testers import Forgetter, RibbonTester, TwoSidedTester, known_verdicts, law_of
from bitsperfact.testers.verdicts import Range, agreement, at_most, widened

ROW = {"value": 5.0, "lower": 4.8, "upper": 5.3, "resolution_limited": False}
CERTIFIED = {"value": 4.0, "lower": 4.0, "upper": math.nan, "resolution_limited": False}


def row_of(bits, rate=ROW):
    return {"bits_per_fact": bits, "bits_certified": CERTIFIED, "hallucination_rate": rate}


def verdicts(law, bits, rate=ROW):
    return known_verdicts(law, row_of(bits, rate), among=1)


def test_the_law_of_a_filter_that_forgets_nothing():
    tester = RibbonTester.init(range(5_000), 6.0)
    law = law_of(tester, 5_000)
    assert law.bits_per_fact == pytest.approx(-math.log2(tester.fpr), rel=1e-12)
    assert law.hallucination_rate == tester.fpr
    assert law.memory_bits == tester.memory_bits / 5_000
    assert law.bits_per_fact < law.memory_bits <= 6.0


def test_the_law_of_a_two_sided_filter():
    tester = TwoSidedTester.init(range(5_000), 6.0, fnr=0.03, window=8)
    a, b = tester.fnr, tester.fpr
    assert law_of(tester, 5_000).bits_per_fact == pytest.approx(
        (1 - a) * np.log2((1 - a) / b) + a * np.log2(a / (1 - b)), rel=1e-12
    )
    assert law_of(tester, 5_000).hallucination_rate == b


def test_a_recall_out_of_reach_accepts_everything():
    tester = Forgetter.init(range(5_000), 8.0, forgotten=0.1)
    assert law_of(tester, 5_000, recall=0.95).hallucination_rate == 1
    assert law_of(tester, 5_000, recall=0.85).hallucination_rate == tester.fpr
    with pytest.raises(ValueError, match="recall"):
        law_of(tester, 5_000, recall=1.5)


@pytest.mark.parametrize(
    ("known", "status"), [(4.8, "consistent"), (5.3, "consistent"), (4.7, "violated"), (5.31, "violated")]
)
def test_a_known_value_lies_in_the_interval_or_contradicts_it(known, status):
    assert agreement(known, Range(4.8, 5.3), Range(known - 0.6, known + 0.6)) == status


@pytest.mark.parametrize("ends", [(0.0, 9.0), (-50.0, 50.0), (4.8, math.inf), (4.0, math.nan)])
def test_an_interval_wider_than_the_tolerance_supports_nothing(ends):
    assert agreement(5.0, Range(*ends), Range(4.5, 5.5)) == "undecided"


def test_an_interval_without_width_contradicts_everything_else():
    point, near = Range(1.0, 1.0), Range(0.5, 1.5)
    assert agreement(1.0, point, near) == "consistent"
    assert agreement(0.9, point, near) == agreement(1.1, point, near) == "violated"


def test_a_bound_is_kept_by_all_of_the_interval_or_by_none():
    kept = [at_most(bound, Range(4.8, 5.3)) for bound in (5.3, 5.0, 4.7)]
    assert kept == ["consistent", "undecided", "violated"]
    assert at_most(5.0, Range(4.8, math.inf)) == "undecided"


def test_false_alarms_are_one_run_in_twenty():
    """Of 50 testers with exact 95 % intervals two or three miss each time; widened for all, in one run of 20."""
    drawn = np.random.default_rng(0).normal(5.0, 0.1, size=(600, 150))
    law = law_of(RibbonTester.init(range(5_000), 6.0), 5_000)
    ends = widened({"value": 0.0, "lower": -0.196, "upper": 0.196}, 150)
    assert ends.lower == 0  # cut off: no share or number of bits is below
    half = ends.upper
    assert np.mean((np.abs(drawn - 5.0) > half).any(axis=1)) == pytest.approx(0.05, abs=0.02)
    assert half / 0.1 == pytest.approx(norm.isf(0.05 / 300), rel=1e-3)
    row = ROW | {"value": law.bits_per_fact + 0.35, "lower": law.bits_per_fact + 0.154, "upper": 6.9}
    told = {among: known_verdicts(law, row_of(row), among)[0]["status"] for among in (1, 150)}
    assert told == {1: "violated", 150: "undecided"}


def test_verdicts_of_a_tester_measured_right():
    law = law_of(RibbonTester.init(range(5_000), 5.35), 5_000)
    rate = {"value": 0.03, "lower": 0.025, "upper": 0.034, "resolution_limited": False}
    rows = verdicts(law, ROW, rate)
    assert [row["prediction"] for row in rows] == ["known_bits", "known_hallucination", "bits_within_memory"]
    assert {row["status"] for row in rows} == {"consistent"}
    assert rows[0]["predicted"] == law.bits_per_fact
    assert rows[0]["reason"].startswith("5 (4.8 to 5.3) against ")


def test_more_bits_than_memory_are_a_violation():
    law = law_of(RibbonTester.init(range(5_000), 3.0), 5_000)
    rows = verdicts(law, ROW)
    assert [row["status"] for row in rows] == ["violated", "violated", "violated"]


@pytest.mark.parametrize(("bits", "status"), [(40.0, "consistent"), (5.0, "undecided"), (4.0, "violated")])
def test_memory_bounds_bits_from_above_only(bits, status):
    assert verdicts(law_of(RibbonTester.init(range(5_000), bits), 5_000), ROW)[2]["status"] == status


@pytest.mark.parametrize(("bits", "status"), [(12.0, "undecided"), (4.4, "undecided"), (2.5, "violated")])
def test_unresolved_bits_say_no_more_than_the_certificate(bits, status):
    law = law_of(RibbonTester.init(range(5_000), bits), 5_000)
    row = verdicts(law, ROW | {"resolution_limited": True})[0]
    assert row["status"] == status
    assert (row["lower"], row["upper"]) == (pytest.approx(4.0), math.inf)
    assert row["reason"].startswith("≥ 4, near 5, against ")
