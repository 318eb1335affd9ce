"""Claims that come ready made, with their labels: what a row must be like, and how it is refused."""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pandas as pd

from bitsperfact.claims.files.cells import is_list, is_missing, text_of
from bitsperfact.claims.files.table import Row, SourceTable, listed
from bitsperfact.errors import BadInput
from bitsperfact.rows import BATCH_ROWS
from bitsperfact.tables import NONFACT_STRATA

#: Longest claim in characters: far more than a sentence, far less than what stalls a tokenizer.
LONGEST_CLAIM = 20_000
#: The columns that a row of claims must have: all of either.
FORMS = (("prefix", "target", "is_fact"), ("statement", "label"))
#: Columns that are read where they are there.
MORE = ("group", "grade", "stratum", "source", "claim_set")
_LABELS = dict.fromkeys(("1", "1.0", "true", "t", "yes", "y", "correct"), True) | dict.fromkeys(
    ("0", "0.0", "false", "f", "no", "n", "incorrect"), False
)
_COLUMNS = ["prefix", "target", "is_fact", "grade", "group", "stratum", "source"]


def check_columns(table: SourceTable) -> None:
    """Raise BadInput where a table has not the columns of claims."""
    for part in table.parts:
        if not any(set(names) <= set(part.columns) for names in FORMS):
            raise _no_form(part.where, part.columns)


def _no_form(where: object, columns: Iterable[object]) -> BadInput:
    wanted = " or ".join(", ".join(names) for names in FORMS)
    return BadInput(where, f"columns {wanted}; or --template over its own", f"columns {listed(columns)}")


def wanted_columns() -> list[str]:
    """Return every column of claims that is read from a file."""
    return list(dict.fromkeys([*(name for form in FORMS for name in form), *MORE]))


def claim_batches(rows: Iterable[tuple[int, Row]], table: SourceTable) -> Iterator[pd.DataFrame]:
    """Yield the claims of numbered rows (from 1) with either `prefix, target, is_fact` or `statement, label`.

    `group`, `grade`, `stratum` and `source` are taken where there; further columns are ignored; the number is
    added as `row`. Raises BadInput, naming the row, for no claim: an empty or over-long text, or a label that
    is neither true nor false.
    """
    claims = (claim_of(row, table.row_name(number), table.source) | {"row": number} for number, row in rows)
    while batch := list(islice(claims, BATCH_ROWS)):
        yield pd.DataFrame(batch, columns=[*_COLUMNS, "row"])


def read_label(value: object, where: object) -> bool:
    """Return true or false from a label: a bool, 0 or 1, or a word for them; raise BadInput otherwise."""
    label = _LABELS.get(str(value).strip().casefold())
    if label is None:
        raise BadInput(where, "label 0, 1, true or false (or options.labels, a table of names)", repr(value))
    return label


def claim_of(row: Row, where: str, source: str) -> dict[str, Any]:
    """Return the claim in a row of the columns of claims; raise BadInput, naming the row, where it is none."""
    if row.keys() >= set(FORMS[0]):
        prefix, target, label = _text(row, "prefix", where), _answer(row, where), row["is_fact"]
    elif row.keys() >= set(FORMS[1]):
        prefix, target, label = "", _text(row, "statement", where), row["label"]
    else:
        raise _no_form(where, row)
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
        "source": _source(row, where) or source,
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


def _answer(row: Mapping[str, Any], where: str) -> str:
    value = row["target"]
    is_number = isinstance(value, int | float) and not is_missing(value)
    return text_of(value, where) if is_number else _text(row, "target", where)


def _optional(row: Mapping[str, Any], column: str, where: str) -> str:
    value = row.get(column)
    if isinstance(value, str) or is_list(value):
        return _text(row, column, where)
    return text_of(value, f"{where}, column {column}")  # entities are often numbers, or days


def _source(row: Mapping[str, Any], where: str) -> str:
    # No claim depends on it, so it may be a list of addresses.
    value: Any = row.get("source")
    return ", ".join(map(str, value)) if is_list(value) else _optional(row, "source", where)


def _grade(row: Mapping[str, Any], is_fact: bool, where: str) -> float:
    value = row.get("grade", "")
    if is_missing(value):
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
