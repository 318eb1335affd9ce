"""What is known of a tester, and when a measurement contradicts it."""

import math

import numpy as np
import pytest

from bitsperfact.testers import Forgetter, RibbonTester, TwoSidedTester, agreement, known_verdicts, law_of

ROW = {"value": 5.0, "lower": 4.8, "upper": 5.3, "resolution_limited": False}
CERTIFIED = {"value": 4.0, "lower": 4.0, "upper": math.nan, "resolution_limited": False}


def verdicts(law, bits, rate=ROW):
    return known_verdicts(law, {"bits_per_fact": bits, "bits_certified": CERTIFIED, "hallucination_rate": rate})


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
    ("known", "status"),
    [
        (4.8, "consistent"),
        (5.3, "consistent"),
        (4.7, "undecided"),
        (5.5, "undecided"),
        (4.5, "violated"),
        (5.7, "violated"),
    ],
)
def test_agreement_needs_twice_the_interval_to_contradict(known, status):
    assert agreement(known, 5.0, 4.8, 5.3) == status


def test_a_lower_bound_is_contradicted_from_below_only():
    assert agreement(1e9, 5.0, 4.8, math.inf) == "consistent"
    assert agreement(4.5, 5.0, 4.8, math.inf) == "violated"


def test_an_interval_without_width_contradicts_everything_else():
    assert agreement(1.0, 1.0, 1.0, 1.0) == "consistent"
    assert agreement(0.9, 1.0, 1.0, 1.0) == agreement(1.1, 1.0, 1.0, 1.0) == "violated"


def test_false_alarms_are_rare():
    """Of 95 % intervals of normal estimates 1 in 20 misses, and 1 in 10 000 (3.9 deviations) is violated."""
    drawn = np.random.default_rng(0).normal(size=20_000)
    told = [agreement(0.0, z, z - 1.96, z + 1.96) for z in drawn]
    assert told.count("consistent") / len(told) == pytest.approx(0.95, abs=0.008)
    assert told.count("violated") <= 10


def test_verdicts_of_a_tester_measured_right():
    law = law_of(RibbonTester.init(range(5_000), 5.3), 5_000)
    rate = {"value": 0.03, "lower": 0.02, "upper": 0.04, "resolution_limited": False}
    rows = verdicts(law, ROW, rate)
    assert [row["prediction"] for row in rows] == ["known_bits", "known_hallucination", "bits_within_memory"]
    assert {row["status"] for row in rows} == {"consistent"}
    assert rows[0]["predicted"] == law.bits_per_fact
    assert rows[0]["reason"].startswith("5 (4.8 to 5.3) against ")


def test_more_bits_than_memory_are_a_violation():
    law = law_of(RibbonTester.init(range(5_000), 3.0), 5_000)
    rows = verdicts(law, ROW)
    assert [row["status"] for row in rows] == ["violated", "violated", "violated"]


def test_memory_bounds_bits_from_above_only():
    assert verdicts(law_of(RibbonTester.init(range(5_000), 40.0), 5_000), ROW)[2]["status"] == "consistent"
    assert verdicts(law_of(RibbonTester.init(range(5_000), 4.75), 5_000), ROW)[2]["status"] == "undecided"


@pytest.mark.parametrize(("bits", "status"), [(12.0, "consistent"), (4.4, "consistent"), (2.5, "violated")])
def test_unresolved_bits_say_no_more_than_the_certificate(bits, status):
    law = law_of(RibbonTester.init(range(5_000), bits), 5_000)
    row = verdicts(law, ROW | {"resolution_limited": True})[0]
    assert row["status"] == status
    assert (row["lower"], row["upper"]) == (4.0, math.inf)
    assert row["reason"].startswith("≥ 4, near 5, against ")
