"""Rows of the tables of estimates, ready to be written in the page or the terminal."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bitsperfact.quantities import QUANTITIES, Quantity
from bitsperfact.report import wording
from bitsperfact.tables import PATTERN_MODEL, POOLED

#: Share of a class that one entity may hold before it is told.
DOMINANT_SHARE = 0.25


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
#: A surplus over a text that is not known.
UNKNOWN = Estimate("unknown", "")


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

    def has(self, quantity: str) -> bool:
        """Return whether a quantity was measured."""
        return self.estimates[quantity] != ABSENT

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
    """Return one row per model, claim set and score, all non-facts together.

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
    placed = [quantity for quantity in QUANTITIES.values() if quantity.place]
    estimates = {quantity.name: _written(by_quantity.get(quantity.name), quantity) for quantity in placed}
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


def _written(record: Any, quantity: Quantity) -> Estimate:
    written = written_record(record, wording.WRITERS[quantity.style])
    if not quantity.is_surplus or record is None:
        return written
    if math.isnan(record.value):
        return UNKNOWN
    # Of a lower bound, the bound decides: what the text may explain too is no surplus.
    if record.resolution_limited and record.lower <= 0:
        return Estimate(NONE, f"near {wording.WRITERS[quantity.style](record.value)}" if record.value > 0 else "")
    return Estimate(NONE, written.interval) if record.value <= 0 else written


def _facts_are_low(by_quantity: dict[str, Any]) -> bool:
    """Return whether facts surely score below non-facts: bits that no threshold from above finds."""
    bits, auc = by_quantity.get("bits_per_fact"), by_quantity.get("auc")
    return bits is not None and auc is not None and bits.lower > 0 and auc.upper < 0.5


def written_record(record: object, write: Callable[[float], str]) -> Estimate:
    """Write one row of the separation table (a named tuple, or None for a row that is not there)."""
    if record is None:
        return ABSENT
    value, lower, upper = (float(getattr(record, name)) for name in ("value", "lower", "upper"))
    limited = bool(getattr(record, "resolution_limited", False))
    return written_estimate(value, lower, upper, limited, write)
