"""The verdict table, grouped by prediction and put into words."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import groupby
from typing import Any

import pandas as pd

from bitsperfact.report import wording
from bitsperfact.tables import ALL_MODELS, PATTERN_MODEL

#: What each prediction says, for a reader who has not read the paper; others show their name alone.
_MEANINGS = {
    "channel_signature": "All in all, scores look like the hallucination channel, not like one of four failures.",
    "scores_are_even": "No score tells a fact far more surely than facts are told on average.",
    "facts_get_equal_bits": "All facts of a set get the same bits.",
    "facts_are_not_forgotten": "Facts that are met alike are all accepted, however small the memory.",
    "accepted_look_alike": "Among accepted claims nothing tells facts from hallucinations.",
    "channel_shape": "Of the laws that scores may follow, the hallucination channel predicts them best.",
    "no_abstaining": "Claims are accepted or rejected, not left open.",
    "bits_are_effective": "The log-loss is as low as the bits can make it.",
    "no_over_accepting": "No more non-facts pass than the bits make necessary.",
    "sparsity": "Facts are sparse enough among plausible claims that bits per fact equal the KL divergence.",
    "bits_grow_with_size": "A larger model of one family spends more bits per fact.",
    "hallucination_floor": "No tester hallucinates less than its bits per fact allow.",
    "hallucination_falls_with_bits": "A description: no theorem orders models, only the floor falls with bits.",
    "patterned_control": "What the text itself gives away costs no memory.",
    "no_bits_without_memory": "Facts that nobody could have learnt get no bits.",
    "known_bits": "The measured bits of a tester are those that its error rates have by construction.",
    "known_hallucination": "So is the share of non-facts that it accepts at 95 % recall.",
    "bits_within_memory": "No tester spends more bits per fact than it has memory.",
}

_SEVERITY = ("violated", "undecided", "consistent")
#: What each kind of verdict is, in the order in which they are read.
KINDS = {
    "evidence": "Evidence: what could have come out otherwise",
    "check": "Checks of sets and estimates: they follow from definitions, and support nothing",
}
#: A prediction with more verdicts than this is folded, down to its violations.
MOST_UNFOLDED = 8


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
    """All verdicts on one prediction, the worst first, and how many of each status (`counts`).

    `kind`: `evidence` or `check`. `single`: where `rows` sum up others, such as those on single networks, these.
    """

    prediction: str
    rows: list[VerdictRow]
    kind: str = "evidence"
    single: tuple[VerdictRow, ...] = ()

    @property
    def title(self) -> str:
        """The prediction's name in words."""
        return wording.words(self.prediction)

    @property
    def meaning(self) -> str:
        """One sentence on what is predicted, empty for a prediction not known here."""
        return _meanings().get(self.prediction, "")

    @property
    def counts(self) -> dict[str, int]:
        """Status -> number of rows, worst first, only those that occur."""
        return status_counts(row.status for row in self.rows)

    @property
    def single_counts(self) -> dict[str, int]:
        """The same of the single verdicts."""
        return status_counts(row.status for row in self.single)


@cache
def _meanings() -> dict[str, str]:
    """Predictions in words, by name: those of `bitsperfact.analysis.predictions`."""
    predictions = import_module("bitsperfact.analysis.predictions")
    found: list[Any] = getattr(predictions, "found_predictions", list)()
    return _MEANINGS | {each.name: f"{each.meaning[:1].upper()}{each.meaning[1:]}." for each in found}


def status_counts(statuses: Iterable[str]) -> dict[str, int]:
    """Return status -> how often it occurs, worst first, only those that occur."""
    seen = list(statuses)
    return {status: seen.count(status) for status in _SEVERITY if status in seen}


def verdict_groups(verdict: pd.DataFrame) -> list[VerdictGroup]:
    """Group the verdict table by prediction: evidence before checks, within them groups with a violation first."""
    groups = [
        _group(str(name), str(kind), [_row(record) for record in rows.itertuples()])
        for (kind, name), rows in verdict.groupby(["kind", "prediction"], sort=False)
    ]
    return sorted(groups, key=lambda group: (list(KINDS).index(group.kind), "violated" not in group.counts))


def _group(prediction: str, kind: str, rows: list[VerdictRow]) -> VerdictGroup:
    ordered = sorted(rows, key=lambda row: _SEVERITY.index(row.status))
    # What is said of no one claim set sums up what is said of each.
    summary = [row for row in ordered if not row.claim_set]
    single = tuple(row for row in ordered if row.claim_set) if summary else ()
    return VerdictGroup(prediction, summary or ordered, kind, single)


@dataclass(frozen=True)
class VerdictPart:
    """All verdicts of one kind: its `title`, its groups, and how many of each status are in them."""

    kind: str
    groups: list[VerdictGroup]

    @property
    def title(self) -> str:
        """What the kind is."""
        return KINDS[self.kind]

    @property
    def counts(self) -> dict[str, int]:
        """Status -> number of rows, worst first, only those that occur."""
        return status_counts(row.status for group in self.groups for row in group.rows)


def verdict_parts(verdict: pd.DataFrame) -> list[VerdictPart]:
    """Return evidence and checks apart, so that what follows from a definition is never counted as support."""
    return [
        VerdictPart(kind, list(groups))
        for kind, groups in groupby(verdict_groups(verdict), key=lambda group: group.kind)
    ]


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
