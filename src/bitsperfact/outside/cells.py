"""Columns of a table of scores, checked cell by cell: the first cell that is none is named with its row."""

import difflib
import math
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from bitsperfact.claims.statements import read_label
from bitsperfact.errors import BadInput

#: What every table must have, and what it may.
REQUIRED = ("model", "claim_set", "group", "is_fact", "score")
OF_CLAIMS = ("prefix", "target", "stratum", "grade", "source", "claim_id")
OF_MODELS = ("n_params", "memory_bits", "family", "architecture", "revision", "dtype")
OF_SETS = ("n_facts", "universe_size", "licence", "control", "description")
OPTIONAL = ("score_name", *OF_CLAIMS, *OF_MODELS, *OF_SETS)
#: All that is read, whatever blanks stand around it.
READ = frozenset((*REQUIRED, *OPTIONAL, "value"))


class NoSuchCell(ValueError):
    """A cell that is not what its message says."""


def named_columns(where: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns that are read, blanks around their names gone, and the names of those that are not.

    Where there is a column `value`, as in the scores of a run, it holds the score, and `score` the score's name.
    Raises BadInput for a column given twice, and for one that is missing, with names that come near it.
    """
    names = [str(column).strip() for column in raw.columns]
    for name in names:
        if names.count(name) > 1:
            alike = [repr(column) for column in raw.columns if str(column).strip() == name]
            raise BadInput(where, "each column once", " and ".join(alike))
    frame = raw.set_axis(names, axis=1)
    if "value" in names and "score_name" not in names:
        frame = frame.rename(columns={"score": "score_name", "value": "score"})
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise BadInput(where, f"columns {', '.join(REQUIRED)}", _missing(missing, list(raw.columns)))
    if "prefix" in names and "target" not in names:
        raise BadInput(where, "a column 'target' beside 'prefix'", "none")
    kept = [name for name in (*REQUIRED, *OPTIONAL) if name in frame.columns]
    return frame[kept], [name for name in frame.columns if name not in kept]


def _missing(missing: list[str], columns: list[Any]) -> str:
    """Name each column that is missing with those that may be meant, quoted so that blanks show."""
    lines = []
    spelled = {_plain(column): column for column in columns}
    for name in missing:
        near = [repr(spelled[each]) for each in difflib.get_close_matches(_plain(name), spelled, 2, 0.6)]
        lines.append(f"no column {name!r}" + (f" (near it: {', '.join(near)})" if near else ""))
    found = ", ".join(repr(str(column)) for column in columns)
    return f"{'; '.join(lines)}; the columns are {found}"


def _plain(name: object) -> str:
    return "".join(c for c in str(name).casefold() if c.isalnum())


def texts(where: str, column: "pd.Series[Any]", *, blank: bool, stripped: bool) -> list[str]:
    """Return the cells as texts; whole numbers stand for their digits, an absent cell for the empty text.

    `blank`: whether a text may be blank. `stripped`: whether blanks around it are no part of it. Raises BadInput,
    naming the row, for anything else, and for text that no UTF-8 can hold.
    """

    def text(cell: Any) -> str:
        if is_absent(cell):
            cell = ""
        if isinstance(cell, bool) or not isinstance(cell, str | Integral):
            raise NoSuchCell("text")
        written = str(cell)
        try:
            written.encode()
        except UnicodeEncodeError:
            raise NoSuchCell("Unicode text") from None
        if not blank and not written.strip():
            raise NoSuchCell("one that is not blank")
        return written.strip() if stripped else written

    return _each(where, column, text)


def labels(where: str, column: "pd.Series[Any]") -> list[bool]:
    """Return the cells as labels (`claims.statements.read_label`)."""
    known: dict[Any, bool] = {}
    for number, cell in enumerate(column.tolist(), start=1):
        if (key := str(cell)) not in known:
            known[key] = read_label(cell, f"{where}, row {number}, {column.name}")
    return [known[str(cell)] for cell in column]


def numbers(
    where: str, column: "pd.Series[Any]", wanted: str, holds: Callable[[float], bool] = math.isfinite
) -> list[float]:
    """Return the cells as numbers, to the last digit; raise BadInput for one that is not what is `wanted`."""

    def number(cell: Any) -> float:
        # Python reads 1_000 and "١" as numbers, which no table means.
        odd = isinstance(cell, bool) or (isinstance(cell, str) and ("_" in cell or not cell.isascii()))
        try:
            value = math.nan if odd else float(cell)
        except (TypeError, ValueError, OverflowError):
            value = math.nan
        if not holds(value):
            raise NoSuchCell(wanted)
        return value

    return _each(where, column, number)


def _each(where: str, column: "pd.Series[Any]", read: Callable[[Any], Any]) -> list[Any]:
    found = []
    for cell in column.tolist():
        try:
            found.append(read(cell))
        except NoSuchCell as error:
            at = f"{where}, row {len(found) + 1}, {column.name}"
            got = cell.item() if isinstance(cell, np.generic) else cell
            raise BadInput(at, error, repr(got)[:80]) from None
    return found


def is_absent(cell: Any) -> bool:
    """Return whether a cell holds nothing: None, or what stands for a missing number."""
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))
