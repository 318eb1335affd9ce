"""The verdict table, grouped by prediction and put into words."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import pandas as pd

from bitsperfact.analysis.predictions import found_predictions
from bitsperfact.report import wording
from bitsperfact.tables import ALL_MODELS, PATTERN_MODEL

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
    return {each.name: f"{each.meaning[:1].upper()}{each.meaning[1:]}." for each in found_predictions()}


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
