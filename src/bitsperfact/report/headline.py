"""The headline table's columns and rows, ready to be written in the page or the terminal."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bitsperfact.report import wording
from bitsperfact.tables import PATTERN_MODEL, POOLED


@dataclass(frozen=True)
class Column:
    """A quantity of the separation table, how it is called and written, and what a reader must know of it."""

    quantity: str
    title: str
    write: Callable[[float], str]
    meaning: str
    #: Whether there is nothing to show where the value is not above 0.
    is_surplus: bool = False


COLUMNS: tuple[Column, ...] = (
    Column(
        "bits_per_fact",
        "bits per fact",
        wording.number,
        "KL divergence between scores of facts and of non-facts; ≥ its lower bound where the sample is too small",
    ),
    Column(
        "bits_above_pattern",
        "above pattern",
        wording.number,
        "bits per fact beyond what a reader of the text alone, who forgets nothing, can separate; "
        "none where the text separates as much",
        is_surplus=True,
    ),
    Column(
        "bits_certified", "certified", wording.number, "lower bound in bits that holds whatever the distributions"
    ),
    Column(
        "hallucination_rate",
        "hallucination rate",
        wording.percent,
        "share of non-facts accepted where 95 % of the facts are",
    ),
    Column(
        "auc", "AUC", wording.three_decimals, "chance that a fact outscores a non-fact; below ½, facts are low"
    ),
    Column(
        "choice_accuracy",
        "choice accuracy",
        wording.percent,
        "share of questions whose fact outscores all of its non-facts; depends on how many there are, and is no "
        "measure of memory",
    ),
)

#: Share of a class that one entity may hold before it is told.
DOMINANT_SHARE = 0.25

#: How the bits lie over the facts: what tells the hallucination channel from forgetting, spreading and abstaining.
SHAPE_COLUMNS: tuple[Column, ...] = (
    Column(
        "evenness", "evenness", wording.number, "bits per fact over those of the best-told facts; 1 at the channel"
    ),
    Column(
        "spread",
        "spread",
        wording.number,
        "standard deviation over facts of the bits that tell each; 0 at the channel, bits",
    ),
    Column(
        "forgotten_share", "forgotten share", wording.percent, "share of facts that look exactly like non-facts"
    ),
    Column(
        "auc_accepted",
        "AUC if accepted",
        wording.three_decimals,
        "chance that an accepted fact outscores an accepted non-fact; ½ at the channel",
    ),
    Column("miss_rate", "miss rate", wording.percent, "share of facts held for more likely false than true"),
    Column(
        "abstention_mass",
        "abstention mass",
        wording.percent,
        "share of claims, facts and non-facts weighted alike, whose posterior lies between ¼ and ¾",
    ),
)


@dataclass(frozen=True)
class Estimate:
    """A measured value as text: the number and its interval, or `≥` its lower bound and what it is near."""

    value: str
    interval: str

    def __str__(self) -> str:
        return f"{self.value} {self.interval}".strip()


#: A surplus that is not above 0.
NONE = "none"
ABSENT = Estimate(wording.MISSING, "")


@dataclass(frozen=True)
class HeadlineRow:
    """One model on one claim set by one score; `estimates` by quantity (absent ones are en dashes)."""

    claim_set: str
    score: str
    model: str
    n_params: int
    n_facts: int
    n_nonfacts: int
    estimates: dict[str, Estimate]
    facts_are_low: bool
    largest_entity_share: float

    @property
    def is_dominated(self) -> bool:
        """Whether one entity holds more than a quarter of the facts or of the non-facts."""
        return self.largest_entity_share > DOMINANT_SHARE

    @property
    def is_pattern(self) -> bool:
        """Whether the row is the baseline that reads only the text."""
        return self.model == PATTERN_MODEL


def written_estimate(
    value: float, lower: float, upper: float, limited: bool, write: Callable[[float], str]
) -> Estimate:
    """Write a value and its interval, or its lower bound and where it is near; a missing value has neither."""
    if math.isnan(value):
        return ABSENT
    if limited and not math.isnan(lower):
        return Estimate(f"≥ {write(lower)}", f"near {write(value)}")
    # A lower bound is its own lower end and has no other: there is no interval to show.
    if lower == value and math.isnan(upper):
        lower = upper
    return Estimate(write(value), wording.interval(lower, upper, write))


def headline_rows(separation: pd.DataFrame, claim_sets: Iterable[str] = ()) -> list[HeadlineRow]:
    """One row per model, claim set and score, all non-facts together.

    Sorted by claim set (those of `claim_sets` first, in that order), score and number of parameters; the text-only
    baseline closes its claim set.
    """
    place = {name: position for position, name in enumerate(claim_sets)}
    table = separation[separation["stratum"] == POOLED]
    rows = [_row(cell) for _, cell in table.groupby(["claim_set", "score", "model"], sort=False)]
    return sorted(
        rows,
        key=lambda row: (
            place.get(row.claim_set, len(place)),
            row.claim_set,
            row.is_pattern,
            row.score,
            row.n_params,
            row.model,
        ),
    )


def _row(cell: pd.DataFrame) -> HeadlineRow:
    first = cell.iloc[0]
    by_quantity: dict[str, Any] = {str(record.quantity): record for record in cell.itertuples()}
    columns = (*COLUMNS, *SHAPE_COLUMNS)
    estimates = {column.quantity: _written(by_quantity.get(column.quantity), column) for column in columns}
    return HeadlineRow(
        claim_set=str(first["claim_set"]),
        score=str(first["score"]),
        model=str(first["model"]),
        n_params=int(first["n_params"]),
        n_facts=int(first["n_facts"]),
        n_nonfacts=int(first["n_nonfacts"]),
        estimates=estimates,
        facts_are_low=_facts_are_low(by_quantity),
        largest_entity_share=getattr(by_quantity.get("largest_entity_share"), "value", math.nan),
    )


def _written(record: Any, column: Column) -> Estimate:
    written = written_record(record, column.write)
    if not column.is_surplus or record is None:
        return written
    # Of a lower bound, the bound decides: what the text may explain too is no surplus.
    if record.resolution_limited and record.lower <= 0:
        return Estimate(NONE, f"near {column.write(record.value)}" if record.value > 0 else "")
    return Estimate(NONE, written.interval) if record.value <= 0 else written


def _facts_are_low(by_quantity: dict[str, Any]) -> bool:
    """Whether facts surely score below non-facts: bits that no threshold from above finds."""
    bits, auc = by_quantity.get("bits_per_fact"), by_quantity.get("auc")
    return bits is not None and auc is not None and bits.lower > 0 and auc.upper < 0.5


def written_record(record: object, write: Callable[[float], str]) -> Estimate:
    """Write one row of the separation table (a named tuple, or None for a row that is not there)."""
    if record is None:
        return ABSENT
    value, lower, upper = (float(getattr(record, name)) for name in ("value", "lower", "upper"))
    limited = bool(getattr(record, "resolution_limited", False))
    return written_estimate(value, lower, upper, limited, write)
