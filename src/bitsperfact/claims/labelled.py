"""Rows of claims with a label under names of their own: the statements of a recipe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bitsperfact.claims.files.cells import is_missing, is_unlabelled, text_of
from bitsperfact.claims.files.table import Row, SourceTable, cell, root_of
from bitsperfact.claims.notes import Tally
from bitsperfact.claims.questions import fields_of, filled
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.statements import FORMS, LONGEST_CLAIM, check_columns, claim_of, read_label, wanted_columns
from bitsperfact.claims.subjects import Statements
from bitsperfact.errors import BadInput

#: What a recipe of labelled claims may set.
OPTIONS: Mapping[str, Any] = {
    "statement": str,
    "label": str,
    "labels": dict,
    "grades": dict,
    "fact_at": float,
    "group": str,
    "repeats": str,
    "contradictions": str,
}
#: The label of rows that are no claims, such as "not enough info".
LEAVE_OUT = "leave out"
_NO_LABEL = "rows left out: no label"
_POLICIES = {"repeats": ("once", "refuse"), "contradictions": (LEAVE_OUT, "refuse")}


@dataclass
class _Seen:
    """A text: where it stands first, its entity, and every truth value and grade that it is given."""

    where: str
    prefix: str
    target: str
    group: str
    labels: set[tuple[bool, float]]
    stratum: str
    source: str


def read_labelled(recipe: Recipe, table: SourceTable) -> Statements:
    """Read one row per distinct claim with one label.

    A claim is the column `options.statement`, or the recipe's prefix and target over the columns, and its truth
    the column `options.label`: true or false, or what `options.labels` or `options.grades` make of it, by name or
    number: true, false, a grade in [0, 1] of which facts have at least `fact_at`, or "leave out". Without those
    options the columns are those of any file of claims. Published sets repeat and contradict themselves: repeated
    claims count once (`repeats` "refuse": are refused), and those with two labels (`contradictions`), a blank, or
    no label, not at all. Returns the claims, with what was left out counted. Raises BadInput, naming the row.
    """
    reader = _reader(recipe, table)
    tally = Tally(table.notes_on(reader.wanted))
    found: dict[str, _Seen] = {}
    for number, row in table.rows(reader.wanted):
        where = table.row_name(number)
        claim = reader.claim(row, where, tally)
        if claim is None:
            continue
        seen = found.setdefault(claim.prefix + claim.target, claim)
        if seen is not claim:
            _note_repeat(recipe, seen, claim, where, tally)
        seen.labels |= claim.labels
    rows = pd.DataFrame(
        [
            (each.prefix, each.target, *label, each.group, each.stratum, each.source)
            for each in found.values()
            if len(each.labels) == 1
            for label in each.labels
        ],
        columns=["prefix", "target", "is_fact", "grade", "group", "stratum", "source"],
    )
    return Statements(rows, table.source, tally.notes)


def _note_repeat(recipe: Recipe, first: _Seen, again: _Seen, where: str, tally: Tally) -> None:
    same = first.labels == again.labels
    what = "repeats" if same else "contradictions"
    policy = recipe.options.get(what, _POLICIES[what][0])
    text = repr((again.prefix + again.target)[:60])
    if policy == "refuse":
        raise BadInput(where, f"each claim once ({what})", f"{text} of {first.where} again")
    if same:
        tally.add("rows that repeat a claim", f"{where}: {text}")
    else:
        tally.add("claims left out: two labels", f"{where}: {text}")


def _reader(recipe: Recipe, table: SourceTable) -> "_OwnColumns | _ClaimColumns":
    for key, known in _POLICIES.items():
        if recipe.options.get(key, known[0]) not in known:
            raise BadInput(f"{recipe.path}, key options.{key}", f"one of {', '.join(known)}", recipe.options[key])
    if {"statement", "label"} & recipe.options.keys() or recipe.prefix:
        return _OwnColumns(recipe, table)
    check_columns(table)
    return _ClaimColumns(table)


class _ClaimColumns:
    """Reads the columns of any file of claims."""

    def __init__(self, table: SourceTable) -> None:
        self._source, self.wanted = table.source, wanted_columns()
        self._set: str | None = None

    def claim(self, row: Row, where: str, tally: Tally) -> _Seen | None:
        """Return the claim of a row; None, counted, where it has no text or no label."""
        form = FORMS[0] if row.keys() >= set(FORMS[0]) else FORMS[1]
        text, label = row.get(form[-2]), row.get(form[-1])
        if is_missing(text) or is_unlabelled(label):
            tally.add("rows left out: no text" if is_missing(text) else _NO_LABEL, where)
            return None
        read = claim_of(row, where, self._source)
        self._check_set(row, where)
        label = {(read["is_fact"], read["grade"])}
        return _Seen(where, read["prefix"], read["target"], read["group"], label, read["stratum"], read["source"])

    def _check_set(self, row: Row, where: str) -> None:
        name = text_of(row.get("claim_set"), where)
        self._set = name if self._set is None else self._set
        if name != self._set:
            raise BadInput(where, f"one claim set, {self._set!r}, for one recipe", repr(name))


class _OwnColumns:
    """Reads the columns that a recipe names."""

    def __init__(self, recipe: Recipe, table: SourceTable) -> None:
        self._recipe, self._options, self._source = recipe, recipe.options, table.source
        if "label" not in self._options:
            raise BadInput(recipe.path, "key options.label, a column", "no such key")
        if "statement" not in self._options and not recipe.prefix:
            raise BadInput(recipe.path, "key options.statement, a column, or prefix and target", "no such key")
        self._fields = [] if "statement" in self._options else self._templated()
        named = [self._options[key] for key in ("statement", "label", "group") if key in self._options]
        table.need([*named, *self._fields], recipe.path)
        self.wanted = list(dict.fromkeys(root_of(name, table.columns) for name in (*named, *self._fields)))

    def _templated(self) -> list[str]:
        return fields_of(self._recipe.prefix + self._recipe.target, self._recipe.path)

    def claim(self, row: Row, where: str, tally: Tally) -> _Seen | None:
        """Return the claim of a row; None, counted, where it has no text or no label."""
        label = cell(row, self._options["label"])
        grade = self._grade(label, where)
        if grade is None:
            tally.add(
                f"rows left out: label {text_of(label, where)}" if not is_unlabelled(label) else _NO_LABEL, where
            )
            return None
        if self._fields:
            cells = {name: text_of(cell(row, name), f"{where}, column {name}") for name in self._fields}
            if missing := [name for name, text in cells.items() if not text]:
                tally.add(f"rows left out: no {missing[0]}", where)
                return None
            prefix, target = (filled(each, cells) for each in (self._recipe.prefix, self._recipe.target))
        else:
            value = cell(row, self._options["statement"])
            prefix, target = "", value if isinstance(value, str) else text_of(value, where)
        if not target.strip():
            tally.add("rows left out: no text", where)
            return None
        if len(prefix) + len(target) > LONGEST_CLAIM:
            raise BadInput(where, f"a claim of at most {LONGEST_CLAIM} characters", len(prefix) + len(target))
        group = text_of(cell(row, self._options["group"]), where) if "group" in self._options else ""
        is_fact = grade >= self._options.get("fact_at", 1.0)
        stratum = "fact" if is_fact else "given"
        return _Seen(where, prefix, target, group or prefix or target, {(is_fact, grade)}, stratum, self._source)

    def _grade(self, label: Any, where: str) -> float | None:
        """Grade of a label; None where a row has none (missing, -1 as in unlabelled test splits, or left out)."""
        key = "labels" if "labels" in self._options else "grades"
        named = self._options.get(key)
        if is_missing(label) or (is_unlabelled(label) and "-1" not in (named or {})):
            return None
        if named is None:
            return float(read_label(label, where))
        grade = named.get(text_of(label, where))
        if grade == LEAVE_OUT:
            return None
        if not isinstance(grade, (bool, int, float)) or not 0 <= grade <= 1:
            expected = (
                f"true, false, {LEAVE_OUT!r} or a grade in [0, 1] for label {text_of(label, where)} of {where}"
            )
            raise BadInput(f"{self._recipe.path}, key options.{key}", expected, dict(named))
        return float(grade)
