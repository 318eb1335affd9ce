"""The verdict table, grouped by prediction and put into words."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from bitsperfact.report import wording
from bitsperfact.tables import ALL_MODELS, PATTERN_MODEL

#: What each prediction says, for a reader who has not read the paper; others show their name alone.
_MEANINGS = {
    "sparsity": "Facts are sparse enough among plausible claims that bits per fact equal the KL divergence.",
    "bits_grow_with_size": "A larger model spends more bits per fact.",
    "hallucination_floor": "No tester hallucinates less than its bits per fact allow.",
    "hallucination_falls_with_bits": "Where more bits are spent per fact, fewer non-facts are accepted.",
    "patterned_control": "What the text itself gives away costs no memory.",
    "no_bits_without_memory": "Facts that nobody could have learnt get no bits.",
    "known_bits": "The measured bits of a tester are those that its error rates have by construction.",
    "known_hallucination": "So is the share of non-facts that it accepts at 95 % recall.",
    "bits_within_memory": "No tester spends more bits per fact than it has memory.",
}

_SEVERITY = ("violated", "undecided", "consistent")


@dataclass(frozen=True)
class VerdictRow:
    """One verdict as text; `measured` carries its interval and is empty where nothing was measured."""

    status: str
    model: str
    claim_set: str
    score: str
    predicted: str
    measured: str
    reason: str


@dataclass(frozen=True)
class VerdictGroup:
    """All verdicts on one prediction, the worst first, and how many of each status (`counts`)."""

    prediction: str
    rows: list[VerdictRow]

    @property
    def title(self) -> str:
        """The prediction's name in words."""
        return wording.words(self.prediction)

    @property
    def meaning(self) -> str:
        """One sentence on what is predicted, empty for a prediction not known here."""
        return _MEANINGS.get(self.prediction, "")

    @property
    def counts(self) -> dict[str, int]:
        """Status -> number of rows, worst first, only those that occur."""
        return status_counts(row.status for row in self.rows)


def status_counts(statuses: Iterable[str]) -> dict[str, int]:
    """Status -> how often it occurs, worst first, only those that occur."""
    seen = list(statuses)
    return {status: seen.count(status) for status in _SEVERITY if status in seen}


def verdict_groups(verdict: pd.DataFrame) -> list[VerdictGroup]:
    """Group the verdict table by prediction; groups with a violation first, otherwise in the table's order."""
    groups = [
        VerdictGroup(
            str(name), sorted((_row(r) for r in rows.itertuples()), key=lambda r: _SEVERITY.index(r.status))
        )
        for name, rows in verdict.groupby("prediction", sort=False)
    ]
    return sorted(groups, key=lambda group: "violated" not in group.counts)


def _row(record: object) -> VerdictRow:
    def text(column: str) -> str:
        value = str(getattr(record, column))
        return "" if value == ALL_MODELS else value

    of_pattern = text("model") == PATTERN_MODEL

    predicted, measured, lower, upper = (
        float(getattr(record, column)) for column in ("predicted", "measured", "lower", "upper")
    )
    written = f"{wording.significant(measured)} {wording.interval(lower, upper, wording.significant)}".strip()
    return VerdictRow(
        status=text("status"),
        model=wording.TEXT_ALONE if of_pattern else text("model"),
        claim_set=text("claim_set"),
        score="" if of_pattern else text("score"),
        predicted=wording.significant(predicted),
        measured="" if math.isnan(measured) else written,
        reason=text("reason"),
    )
