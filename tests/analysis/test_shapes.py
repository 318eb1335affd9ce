"""Predictions about the shape of scores: each can come out true, false and undecided, and its row says why."""

import numpy as np
import pytest
from scipy.stats import norm
from tests.analysis.sets import info, model
from tests.analysis.test_verdict import cell, verdicts

from bitsperfact.tables import PATTERN_MODEL

TEXT = cell(PATTERN_MODEL, 0.0, 0.95)
SHAPES = (
    "scores_are_even",
    "facts_get_equal_bits",
    "facts_are_not_forgotten",
    "accepted_look_alike",
    "channel_shape",
    "no_abstaining",
    "bits_are_effective",
    "no_over_accepting",
)
#: The channel of 4 bits with narrow intervals.
CHANNEL = {
    "evenness": (0.98, 0.9, 1.0, "1"),
    "spread": (0.1, 0.0, 0.4, "bits"),
    "forgotten_share": (0.0, 0.0, 0.01, "1"),
    "auc_accepted": (0.5, 0.45, 0.55, "1"),
    "abstention_mass": (0.0, 0.0, 0.01, "1"),
    "q_star": (0.0625, 0.05, 0.08, "1"),
    "x_star": (0.94, 0.92, 0.95, "1"),
    "full_recall_rate": (0.0625, 0.05, 0.07, "1"),
    "bits_effective": (3.9, 3.8, 4.0, "bits"),
    "behind_channel": (0.0, 0.0, 0.0, "nats"),
    "behind_smooth": (0.2, 0.1, 0.3, "nats"),
    "behind_forgetting": (0.005, -0.005, 0.015, "nats"),
    "behind_abstaining": (0.005, -0.005, 0.015, "nats"),
}

#: More non-facts than the bits ask for, and no law of two peaks does.
THIRD_PEAK = {f"behind_{law}": (0.1, 0.08, 0.12, "nats") for law in ("smooth", "channel", "forgetting")} | {
    "full_recall_rate": (0.2, 0.18, 0.22, "1")
}


def judged(bits=4.0, rate=0.0625, width=0.2, **changed):
    rows = cell("m0", bits, rate, width=width, **(CHANNEL | changed)) + TEXT
    return verdicts(rows, [info()], [model("m0")]).xs(("codes", "m0"), level=("claim_set", "model"))


def test_the_channel_is_found_to_be_one():
    found = judged().loc[list(SHAPES)]
    assert (found["status"] == "consistent").all(), found["reason"].to_dict()
    assert (found["kind"] == "evidence").all()


@pytest.mark.parametrize(
    ("prediction", "changed", "status", "word"),
    [
        ("scores_are_even", {"evenness": (0.6, 0.5, 0.7, "1")}, "violated", "spreading"),
        ("scores_are_even", {"evenness": (0.85, 0.7, 0.95, "1")}, "undecided", "at least 0.8"),
        ("facts_get_equal_bits", {"spread": (2.0, 1.5, 2.5, "bits")}, "violated", "spreading"),
        ("facts_get_equal_bits", {"spread": (0.0, 0.0, 2.5, "bits")}, "undecided", "at most 1"),
        ("facts_are_not_forgotten", {"forgotten_share": (0.09, 0.05, 0.13, "1")}, "violated", "forgetting"),
        ("facts_are_not_forgotten", {"forgotten_share": (0.01, 0.0, 0.05, "1")}, "undecided", "at most 0.02"),
        ("accepted_look_alike", {"auc_accepted": (0.8, 0.7, 0.9, "1")}, "violated", "spreading"),
        ("accepted_look_alike", {"auc_accepted": (0.2, 0.1, 0.3, "1")}, "violated", "spreading"),
        ("accepted_look_alike", {"auc_accepted": (0.5, 0.3, 0.7, "1")}, "undecided", "0.4 to 0.6"),
        ("no_abstaining", {"abstention_mass": (0.2, 0.1, 0.3, "1")}, "violated", "abstaining"),
        ("no_abstaining", {"abstention_mass": (0.04, 0.0, 0.1, "1")}, "undecided", "at most 0.05"),
        ("no_abstaining", {"q_star": (0.4, 0.3, 0.5, "1")}, "undecided", "channel itself"),
        (
            "no_abstaining",
            {"q_star": (0.4, 0.3, 0.5, "1"), "abstention_mass": (0.3, 0.2, 0.4, "1")},
            "undecided",
            "channel itself",
        ),
        ("bits_are_effective", {"bits_effective": (2.0, 1.8, 2.2, "bits")}, "violated", "forgetting"),
        ("bits_are_effective", {"bits_effective": (3.3, 2.5, 4.1, "bits")}, "undecided", "at least 0.8"),
    ],
)
def test_a_prediction_fails_or_stays_open_alone(prediction, changed, status, word):
    found = judged(**changed)
    assert found.loc[prediction, "status"] == status
    assert word in found.loc[prediction, "reason"]
    others = found.loc[[each for each in SHAPES if each != prediction], "status"]
    assert (others == "consistent").all()


@pytest.mark.parametrize(
    ("rate", "width", "status"),
    [(0.0625, 0.2, "consistent"), (0.4, 0.2, "violated"), (0.125, 0.2, "undecided"), (0.0625, 3.0, "undecided")],
)
def test_more_non_facts_pass_than_the_bits_make_necessary(rate, width, status):
    found = judged(rate=rate, width=width).loc["no_over_accepting"]
    assert found["status"] == status
    assert found["measured"] == pytest.approx(4 + np.log2(rate))
    assert ("over-accepting" in found["reason"]) == (status == "violated")


def test_a_rate_without_a_single_hallucination_is_half_a_one_at_most():
    found = judged(bits=4.0, rate=0.0).loc["no_over_accepting"]
    assert found["measured"] == pytest.approx(4 + np.log2(0.5 / 150_000))
    assert found["status"] == "consistent"


def test_bits_lost_and_effective_share_carry_the_noise_of_both_numbers():
    found = judged(width=0.5, rate=0.25, bits_effective=(3.0, 2.8, 3.3, "bits"))
    lost, share = found.loc["no_over_accepting"], found.loc["bits_are_effective"]
    assert lost["upper"] - lost["measured"] == pytest.approx(np.hypot(0.5, np.log2(0.26 / 0.25)), rel=0.01)
    assert share["measured"] == 0.75
    assert np.log(share["measured"] / share["lower"]) == pytest.approx(
        np.hypot(np.log(3 / 2.8), np.log(4.5 / 4)), rel=0.01
    )


@pytest.mark.parametrize(
    ("changed", "status", "word"),
    [
        (
            {"behind_smooth": (0.0, 0.0, 0.0, "nats"), "behind_channel": (0.3, 0.2, 0.4, "nats")},
            "violated",
            "spreading",
        ),
        (
            {"behind_forgetting": (0.0, 0.0, 0.0, "nats"), "behind_channel": (0.1, 0.06, 0.14, "nats")},
            "violated",
            "forgetting",
        ),
        (
            {"behind_abstaining": (0.0, 0.0, 0.0, "nats"), "behind_channel": (0.1, 0.06, 0.14, "nats")},
            "violated",
            "abstaining",
        ),
        ({"behind_smooth": (0.1, -0.1, 0.3, "nats")}, "undecided", "smooth peaks may do as well"),
        ({"behind_forgetting": (0.005, -0.1, 0.11, "nats")}, "undecided", "at most 0.02"),
        (
            {"behind_forgetting": (0.0, 0.0, 0.0, "nats"), "behind_channel": (0.01, 0.005, 0.015, "nats")},
            "consistent",
            "at most 0.02",
        ),
    ],
)
def test_the_channel_must_not_be_behind_any_rival(changed, status, word):
    found = judged(**changed).loc["channel_shape"]
    assert found["status"] == status, found["reason"]
    assert word in found["reason"]


def test_the_best_law_is_not_compared_with_itself():
    """The channel's own row is 0 to 0 where it is the best: its lead is as uncertain as that of the next."""
    found = judged(behind_forgetting=(0.03, 0.01, 0.05, "nats")).loc["channel_shape"]
    assert found["measured"] == -0.005
    assert found["lower"] < -0.005 < found["upper"]


def test_rivals_share_the_error_of_a_row():
    """Three comparisons each take a third: their arms are those of three rows, by quantiles of the normal law."""
    wider = norm.isf(0.025 / 3) / norm.isf(0.025)
    found = judged(behind_forgetting=(0.0, 0.0, 0.0, "nats"), behind_channel=(0.1, 0.06, 0.14, "nats"))
    ends = found.loc["channel_shape", ["lower", "upper"]].tolist()
    assert ends == pytest.approx([0.1 - 0.04 * wider, 0.1 + 0.04 * wider], rel=1e-3)
    # Two smooth peaks are surely worse by their own interval, and not by one that pays for the others.
    for lower, status in ((0.2 - 0.199 / wider, "consistent"), (0.2 - 0.21 / wider, "undecided")):
        assert judged(behind_smooth=(0.2, lower, 0.3, "nats")).loc["channel_shape", "status"] == status


def test_cells_without_bits_have_no_shape():
    rows = cell("m0", 0.1, 0.9, **CHANNEL) + TEXT
    found = verdicts(rows, [info()], [model("m0")])
    assert not set(SHAPES) & set(found.index.get_level_values("prediction"))


def test_what_was_not_measured_decides_nothing():
    rows = cell("m0", 4.0, 0.0625) + TEXT
    found = verdicts(rows, [info()], [model("m0")]).xs(("codes", "m0"), level=("claim_set", "model"))
    missing = found.loc[[each for each in SHAPES if each != "no_over_accepting"]]
    assert (missing["status"] == "undecided").all()
    assert missing["reason"].str.contains("not measured").all()


def test_controls_and_the_best_score_have_no_shape():
    """`best` repeats a score, and a control's facts are not known at all or need no memory."""
    rows = cell("m0", 4.0, 0.0625, score="best", **CHANNEL) + TEXT
    rows += cell("m0", 4.0, 0.0625, claim_set="noise", **CHANNEL) + cell(PATTERN_MODEL, 0.0, 0.9, "noise")
    found = verdicts(rows, [info(), info("noise", control="random")], [model("m0")])
    assert not set(SHAPES) & set(found.index.get_level_values("prediction"))


def test_an_accuracy_alone_is_no_cell():
    rows = cell("m0", 4.0, 0.0625, score="logprob", **CHANNEL) + TEXT
    accuracy = rows[0] | {"score": "choice", "quantity": "choice_accuracy", "unit": "1"}
    found = verdicts([*rows, accuracy], [info()], [model("m0")])
    assert set(found["score"]) == {"logprob", PATTERN_MODEL}


def test_cells_share_the_error_of_a_prediction():
    one = judged(forgotten_share=(0.05, 0.024, 0.08, "1")).loc["facts_are_not_forgotten"]
    sets = [info(f"set{k}") for k in range(20)]
    rows = [
        row
        for each in sets
        for row in cell("m0", 4.0, 0.0625, each.name, **(CHANNEL | {"forgotten_share": (0.05, 0.024, 0.08, "1")}))
        + cell(PATTERN_MODEL, 0.0, 0.95, each.name)
    ]
    many = verdicts(rows, sets, [model("m0")]).loc["facts_are_not_forgotten"]
    assert one["status"] == "violated"
    assert (many["status"] == "undecided").all()
    assert (many["lower"] < 0.02).all()


@pytest.mark.parametrize(
    ("changed", "status", "word"),
    [
        ({}, "consistent", "Channel"),
        ({"forgotten_share": (0.1, 0.06, 0.14, "1")}, "violated", "Forgetting"),
        ({"auc_accepted": (0.8, 0.7, 0.9, "1")}, "violated", "Spreading"),
        (THIRD_PEAK | {"auc_accepted": (0.1, 0.05, 0.2, "1")}, "violated", "Over-accepting"),
        (THIRD_PEAK, "violated", "Abstaining"),
        ({"full_recall_rate": (0.2, 0.18, 0.22, "1")}, "undecided", "No signature"),
        ({"auc_accepted": (0.5, 0.2, 0.8, "1")}, "undecided", "No signature"),
        ({"evenness": (np.nan, np.nan, np.nan, "1")}, "undecided", "evenness"),
    ],
)
def test_the_signature_sums_up_what_a_cell_shows(changed, status, word):
    found = judged(**changed).loc["channel_signature"]
    assert found["status"] == status
    assert word in found["reason"]
    assert np.isnan(found[["predicted", "measured", "lower", "upper"]].astype(float)).all()
