"""Claims that come ready made, with their labels: what a row must be like, and how it is refused."""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.rows import BATCH_ROWS
from bitsperfact.tables import NONFACT_STRATA

#: Longest claim in characters: far more than a sentence, far less than what stalls a tokenizer.
LONGEST_CLAIM = 20_000
#: The columns that a row of claims must have: all of either.
FORMS = (("prefix", "target", "is_fact"), ("statement", "label"))
_LABELS = {"1": True, "true": True, "1.0": True, "0": False, "false": False, "0.0": False}
_COLUMNS = ["prefix", "target", "is_fact", "grade", "group", "stratum", "source"]


def claim_batches(
    rows: Iterable[tuple[int, Mapping[str, Any]]], where: str, source: str
) -> Iterator[pd.DataFrame]:
    """Yield the claims of numbered rows (from 1) with either `prefix, target, is_fact` or `statement, label`.

    `group`, `grade`, `stratum` and `source` are taken where there; further columns are ignored; the number is
    added as `row`. Raises BadInput, naming the row, for no claim: an empty or over-long text, or a label that
    is neither true nor false.
    """
    claims = (_claim(row, f"{where}, row {number}", source) | {"row": number} for number, row in rows)
    while batch := list(islice(claims, BATCH_ROWS)):
        yield pd.DataFrame(batch, columns=[*_COLUMNS, "row"])


def read_label(value: object, where: object) -> bool:
    """Return true or false from a label: a bool, 0 or 1, or one of these as text; raise BadInput otherwise."""
    label = _LABELS.get(str(value).strip().casefold())
    if label is None:
        raise BadInput(where, "label 0, 1, true or false", repr(value))
    return label


def _claim(row: Mapping[str, Any], where: str, source: str) -> dict[str, Any]:
    if set(FORMS[0]) <= row.keys():
        prefix, target, label = _text(row, "prefix", where), _text(row, "target", where), row["is_fact"]
    else:
        prefix, target, label = "", _text(row, "statement", where), row["label"]
    if not target.strip():
        raise BadInput(where, "a target that is not empty", repr(target))
    if len(prefix) + len(target) > LONGEST_CLAIM:
        raise BadInput(where, f"a claim of at most {LONGEST_CLAIM} characters", f"{len(prefix) + len(target)}")
    is_fact = read_label(label, where)
    return {
        "prefix": prefix,
        "target": target,
        "is_fact": is_fact,
        "grade": _grade(row, is_fact, where),
        "group": _optional(row, "group", where) or prefix or target,
        "stratum": _stratum(row, is_fact, where),
        "source": _optional(row, "source", where) or source,
    }


def _text(row: Mapping[str, Any], column: str, where: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise BadInput(where, f"{column} as text", repr(value)[:80])
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadInput(where, f"{column} as Unicode text", "half of a surrogate pair") from None
    return value


def _optional(row: Mapping[str, Any], column: str, where: str) -> str:
    value = row.get(column)
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else _text(row, column, where)


def _grade(row: Mapping[str, Any], is_fact: bool, where: str) -> float:
    value = row.get("grade", "")
    if value is None or value == "":
        return float(is_fact)
    try:
        grade = float(value)
    except (TypeError, ValueError):
        grade = math.nan
    if not 0.0 <= grade <= 1.0:
        raise BadInput(where, "a grade in [0, 1]", repr(value)[:80])
    return grade


def _stratum(row: Mapping[str, Any], is_fact: bool, where: str) -> str:
    stratum = _optional(row, "stratum", where) or ("fact" if is_fact else "given")
    possible = ("fact",) if is_fact else NONFACT_STRATA
    if stratum not in possible:
        raise BadInput(
            where, f"stratum {' or '.join(possible)} for {'a fact' if is_fact else 'a non-fact'}", stratum
        )
    return stratum
