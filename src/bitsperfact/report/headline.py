"""The headline table's columns and rows, ready to be written in the page or the terminal."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
        "bits per fact beyond what a reader of the text alone, who remembers nothing, can separate",
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
    Column("auc", "AUC", wording.three_decimals, "chance that a fact outscores a non-fact"),
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
    by_quantity = {record.quantity: record for record in cell.itertuples()}
    estimates = {c.quantity: written_record(by_quantity.get(c.quantity), c.write) for c in COLUMNS}
    return HeadlineRow(
        claim_set=str(first["claim_set"]),
        score=str(first["score"]),
        model=str(first["model"]),
        n_params=int(first["n_params"]),
        n_facts=int(first["n_facts"]),
        n_nonfacts=int(first["n_nonfacts"]),
        estimates=estimates,
    )


def written_record(record: object, write: Callable[[float], str]) -> Estimate:
    """Write one row of the separation table (a named tuple, or None for a row that is not there)."""
    if record is None:
        return ABSENT
    value, lower, upper = (float(getattr(record, name)) for name in ("value", "lower", "upper"))
    limited = bool(getattr(record, "resolution_limited", False))
    return written_estimate(value, lower, upper, limited, write)
