import pytest

from bitsperfact.estimate import Interval, signature

#: A channel of 5 bits as 240 facts and ten times the non-facts show it: estimate, lower and upper end.
CHANNEL = {
    "bits_per_fact": (5, 4.7, 5.3),
    "forgotten_share": (0, 0, 0.03),
    "auc_accepted": (0.5, 0.42, 0.58),
    "evenness": (1, 0, 1),
    "abstention_mass": (0, 0, 0.05),
    "x_star": (0.97, 0.94, 0.99),
    "full_recall_rate": (0.031, 0.024, 0.039),
    "behind_smooth": (0.02, 0.01, 0.03),
    "behind_channel": (0, 0, 0),
    "behind_forgetting": (0.001, 0, 0.003),
}
TWO_PEAKS_BEHIND = {f"behind_{law}": (0.1, 0.08, 0.12) for law in ("smooth", "channel", "forgetting")}

TOO_MANY_ABOVE = {"full_recall_rate": (0.13, 0.11, 0.15), "auc_accepted": (0.12, 0.08, 0.16)}


@pytest.mark.parametrize(
    ("but", "expected"),
    [
        ({}, "channel"),
        ({"bits_per_fact": (0.3, 0.1, 0.5)}, "undecided"),
        ({"forgotten_share": (0.1, 0.03, 0.18)}, "forgetting"),
        ({"forgotten_share": (0.1, 0.01, 0.18)}, "undecided"),
        ({"forgotten_share": (0.1, 0.01, 0.18), "behind_channel": (0.1, 0.08, 0.12)}, "forgetting"),
        ({"auc_accepted": (0.77, 0.72, 0.81)}, "spreading"),
        ({"auc_accepted": (0.5, 0.1, 0.9)}, "undecided"),
        ({"auc_accepted": (0.77, 0.72, 0.81), "forgotten_share": (0.1, 0.03, 0.2)}, "spreading"),
        ({"abstention_mass": (0.2, 0.1, 0.3), **TWO_PEAKS_BEHIND}, "abstaining"),
        ({"auc_accepted": (0.77, 0.72, 0.81), **TWO_PEAKS_BEHIND}, "undecided"),
        ({"auc_accepted": (0.77, 0.72, 0.81), "evenness": (0.6, 0, 0.8), **TWO_PEAKS_BEHIND}, "spreading"),
        (TOO_MANY_ABOVE | TWO_PEAKS_BEHIND, "over-accepting"),
        (TOO_MANY_ABOVE, "undecided"),
        ({"full_recall_rate": (0.13, 0.11, 0.15), **TWO_PEAKS_BEHIND}, "abstaining"),
        ({"full_recall_rate": (0.13, 0.11, 0.15)}, "undecided"),
        ({"full_recall_rate": (0.06, 0.035, 0.08)}, "channel"),
        ({"behind_channel": (0.002, 0.0001, 0.004)}, "channel"),
        ({"behind_channel": (0.01, 0.007, 0.013)}, "undecided"),
    ],
)
def test_a_signature_follows_from_intervals_alone(but, expected):
    measured = {name: Interval(*ends, 240, 2400, 0) for name, ends in (CHANNEL | but).items()}
    assert signature(measured).name == expected
    assert " to " in signature(measured).reason
