"""Rows that ask questions and hold their answers, true and perhaps false: the facts of a recipe."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import Formatter
from typing import Any

from bitsperfact.claims.files.cells import is_list, is_missing, items_of, text_of, texts_of
from bitsperfact.claims.files.table import Row, SourceTable, cell, root_of
from bitsperfact.claims.notes import Tally
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.subjects import Facts, Subject, absorbed, normalised
from bitsperfact.errors import BadInput

#: What a recipe of questions may set: columns, by name or nested path, or lists of them.
OPTIONS: Mapping[str, Any] = {
    "facts": str | list,
    "aliases": str | list,
    "given": str | list,
    "choices": str | list,
    "names": str,
    "answer": str,
    "first": int,
    "group": str,
    "type": str,
    "separator": str,
    "again": str,
}
#: What stands between answers that share a cell, where most cells of a column hold it.
_SEPARATORS = (";", "|")
#: How a whole number looks in CSV once a gap in its column has made floats of all.
_FROM_FLOAT = re.compile(r"-?\d+\.0")
_LETTERS = "ABCDEFGHIJ"
#: What a list says of each choice in its turn.
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def is_questions(options: Mapping[str, Any]) -> bool:
    """Return whether a recipe names columns of answers."""
    return bool({"facts", "choices"} & options.keys())


def read_questions(recipe: Recipe, table: SourceTable, *, again: str) -> Facts:
    """Read one subject per distinct prefix, a template over the columns.

    Columns `facts`, `given` and `aliases` hold the true answers to claim, the false ones, and further true ones;
    or `choices` all of them, and `answer` which are true: a place (counted from `first`), a letter, a name among
    `names`, the answer itself, or a list of 0 and 1. `group` names the entity and `type` what kind of answer is
    asked for. Where a question comes again for its entity, its facts are added (`again` "merge") or, since two
    entities may share a name, only spared ("first"). Raises BadInput, naming the row, for a cell that cannot be
    read; what is left out is counted in `Facts.notes`.
    """
    columns = _AnswerColumns(recipe, table)
    tally = Tally(table.notes_on(columns.wanted))
    found: dict[str, Subject] = {}
    for number, row in table.rows(columns.wanted):
        where = table.row_name(number)
        subject = columns.subject(row, where, tally)
        if subject is None:
            continue
        if (first := found.get(subject.prefix)) is None:
            found[subject.prefix] = subject
        else:
            found[subject.prefix] = _again(first, subject, again, where, tally)
    columns.check_separators()
    columns.check_places(tally)
    subjects = tuple(_without_true(subject, tally) for subject in found.values())
    return Facts(subjects, table.source, notes=tally.notes)


def _again(first: Subject, other: Subject, again: str, where: str, tally: Tally) -> Subject:
    """Join two rows of one question, and count what of the second is no claim."""
    new = [answer for answer in other.answers if not first.is_true(answer)]
    if not new:
        tally.add("rows that repeat a question and its answer", where)
    elif again == "merge" and other.group == first.group:
        return replace(absorbed(first, other), answers=(*first.answers, *new))
    else:
        tally.add("further true answers of a question asked before, spared but not claimed", where, len(new))
    return absorbed(first, other)


def _without_true(subject: Subject, tally: Tally) -> Subject:
    """Drop given answers that are true as well, and those given twice; count the former."""
    distinct: dict[str, str] = {}
    for answer in subject.given:
        if subject.is_true(answer):
            tally.add("false answers left out: true as well", f"{subject.prefix[-40:]!r}: {answer[:40]!r}")
        else:
            distinct.setdefault(normalised(answer), answer)
    return replace(subject, given=tuple(distinct.values()))


class _AnswerColumns:
    """Which columns a recipe reads, and how a row of them becomes a subject."""

    def __init__(self, recipe: Recipe, table: SourceTable) -> None:
        self._recipe, self._options = recipe, recipe.options
        if not is_questions(self._options):
            missing = "key options.facts, the column of true answers, or options.choices"
            raise BadInput(recipe.path, missing, "no such key")
        if "choices" in self._options and "answer" not in self._options:
            raise BadInput(
                recipe.path, "key options.answer, the column that says which choice is true", "no such key"
            )
        self._templated = fields_of(recipe.prefix, recipe.path)
        if fields_of(recipe.target, recipe.path) != ["answer"]:
            raise BadInput(f"{recipe.path}, key target", "a template over {answer} alone", repr(recipe.target))
        self._numbers: set[int] = set()
        self._has_letters = False
        self.joined: dict[str, list[tuple[str, str]]] = {}
        self._n_cells: dict[str, int] = {}
        keys = ("facts", "aliases", "given", "choices", "names", "answer", "group", "type")
        named = [*self._templated, *(name for key in keys for name in self._names(key))]
        table.need(named, recipe.path)
        self.wanted = list(dict.fromkeys(root_of(name, table.columns) for name in named))

    def subject(self, row: Row, where: str, tally: Tally) -> Subject | None:
        """Return the subject of a row; None, counted, where a cell of its template or its answer is missing."""
        cells = {name: text_of(cell(row, name), f"{where}, column {name}") for name in self._templated}
        if missing := [name for name, text in cells.items() if not text]:
            tally.add(f"rows left out: no {missing[0]}", where)
            return None
        true, false = self._chosen(row, where) if "choices" in self._options else ((), ())
        answers = tuple(dict.fromkeys((*true, *self._texts(row, "facts", where))))
        if not answers:
            tally.add("rows left out: no true answer", where)
            return None
        if odd := next((answer for answer in answers if _FROM_FLOAT.fullmatch(answer)), None):
            tally.add("whole numbers written as a float, read as written", f"{where}: {odd!r}")
        prefix = filled(self._recipe.prefix, cells)
        return Subject(
            group=self._text(row, "group", where) or prefix.strip(),
            prefix=prefix,
            answers=answers,
            answer_type=self._text(row, "type", where) or "answer",
            also_true=frozenset(self._texts(row, "aliases", where)),
            given=(*false, *self._texts(row, "given", where)),
        )

    def check_separators(self) -> None:
        """Raise BadInput where most cells of a column hold what looks like several answers."""
        for column, cells in self.joined.items():
            if "separator" not in self._options and 2 * len(cells) > self._n_cells[column] > 1:
                where, text = cells[0]
                mark = next(mark for mark in _SEPARATORS if mark in text)
                expected = (
                    f'options.separator, as column {column} seems to hold several answers a cell ("" if not)'
                )
                raise BadInput(self._recipe.path, expected, f"{mark!r} in most, first in {where}: {text[:80]!r}")

    def check_places(self, tally: Tally) -> None:
        """Tell where numbers may be counted from 1; raise BadInput where letters beside them say that they are."""
        if not self._numbers or 0 in self._numbers or "first" in self._options:
            return
        column = self._names("answer")[0]
        if self._has_letters:
            expected = f"options.names or options.first, as column {column} holds letters and numbers"
            raise BadInput(self._recipe.path, expected, "neither")
        tally.add(f"places in column {column} counted from 0 (options.first), though none is 0")

    def _names(self, key: str) -> list[str]:
        named = self._options.get(key, [])
        return [named] if isinstance(named, str) else [str(name) for name in named]

    def _text(self, row: Row, key: str, where: str) -> str:
        return "".join(text_of(cell(row, name), f"{where}, column {name}") for name in self._names(key))

    def _texts(self, row: Row, key: str, where: str) -> tuple[str, ...]:
        found: list[str] = []
        for name in self._names(key):
            value, place = cell(row, name), f"{where}, column {name}"
            texts = texts_of(value, place, self._options.get("separator", ""))
            found.extend(texts)
            self._n_cells[name] = self._n_cells.get(name, 0) + bool(texts)
            if isinstance(value, str) and len(texts) == 1 and any(mark in texts[0] for mark in _SEPARATORS):
                self.joined.setdefault(name, []).append((place, texts[0]))
        return tuple(dict.fromkeys(found))

    def _chosen(self, row: Row, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the true choices and the false ones."""
        named, separator = self._names("choices"), self._options.get("separator", "")
        if len(named) == 1:
            choices = items_of(cell(row, named[0]), f"{where}, column {named[0]}", separator)
        else:
            choices = [text_of(cell(row, name), f"{where}, column {name}") for name in named]
        if is_missing(cell(row, self._names("answer")[0])):
            return (), ()
        names = [name for key in self._names("names") for name in items_of(cell(row, key), where)]
        column = self._names("answer")[0]
        names = names or (named if len(named) > 1 else [])
        at = _places(cell(row, column), choices, names, self._options.get("first"))
        self._note_place(cell(row, column), names)
        if at is None or not all(0 <= place < len(choices) for place in at):
            expected = f"a place (options.first), letter or name among {len(choices)} choices in column {column}"
            raise BadInput(where, expected, repr(cell(row, column))[:80])
        true = tuple(choices[place] for place in sorted(at) if choices[place])
        return true, tuple(text for place, text in enumerate(choices) if place not in at and text)

    def _note_place(self, answer: Any, names: Sequence[str]) -> None:
        text = "" if is_list(answer) else text_of(answer, "answer")
        if text.isdecimal() and text not in names:
            self._numbers.add(int(text))
        self._has_letters |= len(text) == 1 and text.upper() in _LETTERS


def _places(answer: Any, choices: Sequence[str], names: Sequence[str], first: int | None) -> set[int] | None:
    """Return the places of the true choices; None where an answer names none."""
    listed = answer if isinstance(answer, (list, tuple)) else _list_of(answer)
    if listed is None:
        place = _place(answer, choices, names, first)
        return None if place is None else {place}
    flags = [_FLAGS.get(text_of(each, "answer").casefold()) for each in listed]
    if len(flags) == len(choices) and None not in flags:
        return {at for at, flag in enumerate(flags) if flag}
    found = [_place(each, choices, names, first) for each in listed]
    return None if None in found else {place for place in found if place is not None}


def _list_of(answer: Any) -> list[Any] | None:
    if hasattr(answer, "tolist") and getattr(answer, "ndim", None):
        return list(answer.tolist())
    is_list = isinstance(answer, str) and answer.strip().startswith("[")
    return list(items_of(answer, "answer")) if is_list else None


def _place(answer: Any, choices: Sequence[str], names: Sequence[str], first: int | None) -> int | None:
    """Return the place of the choice that an answer names; None where it names none, or may name two."""
    text = text_of(answer, "answer")
    if text in names:
        return names.index(text)
    by_text = next((at for at, each in enumerate(choices) if text and normalised(each) == normalised(text)), None)
    if text.removeprefix("-").isdecimal():
        place = int(text) - (first or 0)
        # A number that is written may be a place, or itself a choice; one that is stored is a place.
        unclear = first is None and isinstance(answer, str) and by_text not in (None, place)
        return None if unclear else place
    if by_text is None and len(text) == 1 and text.upper() in _LETTERS:
        return _LETTERS.index(text.upper())
    return by_text


def fields_of(template: str, where: object) -> list[str]:
    """Return the columns that a template names, in order; raise BadInput where it is none."""
    return list(dict.fromkeys(_fields(template, where)))


def _fields(template: str, where: object) -> Iterator[str]:
    broken = BadInput(f"{where}, template {template!r}", "a template such as {question}", "a broken one")
    try:
        parsed = list(Formatter().parse(template))
    except ValueError:
        raise broken from None
    for _, name, spec, _ in parsed:
        if name == "" or spec:
            raise broken
        if name is not None:
            yield name


def filled(template: str, cells: Mapping[str, str]) -> str:
    """Return a template with texts in the place of its columns, whatever characters their names have."""
    return "".join(
        text + (cells[name] if name is not None else "") for text, name, _, _ in Formatter().parse(template)
    )
