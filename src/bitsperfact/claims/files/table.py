"""A table that somebody brings: numbered rows that can be read again and again, a few columns at a time."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bitsperfact.claims.notes import Note
from bitsperfact.errors import BadInput
from bitsperfact.files import hash_pieces
from bitsperfact.tables import ClaimSetInfo

Row = Mapping[str, Any]
Rows = Iterator[tuple[int, Row]]


@dataclass(frozen=True)
class Part:
    """One file of a table: how messages name it, its columns, and its rows with given columns alone.

    `labels`: the names of numbered classes, by column. `plain`: columns of texts and numbers (None: all).
    """

    where: str
    columns: tuple[str, ...]
    read: Callable[[Sequence[str]], Iterator[Row]]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    plain: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class SourceTable:
    """Rows of one or more parts, one after the other; cells are as written, but labels come by name.

    `where` and `source`: how messages and the claims' `source` name it. `infos`: what it says of the claim sets in
    it, by their names. `notes`: what of it was not read.
    """

    where: str
    source: str
    name: str
    parts: tuple[Part, ...]
    sha256: Callable[[], str]
    infos: Mapping[str, ClaimSetInfo] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    _starts: list[int] = field(default_factory=list, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    @property
    def plain_columns(self) -> tuple[str, ...]:
        """Names of the columns that are cheap to look at: no lists, no times."""
        return tuple(name for name in self.columns if all(p.plain is None or name in p.plain for p in self.parts))

    def rows(self, columns: Sequence[str] | None = None) -> Rows:
        """Yield numbered rows (from 1) with `columns` alone, or all; raise BadInput for what cannot be read."""
        number = 0
        self._starts.clear()
        for part in self.parts:
            self._starts.append(number)
            wanted = [name for name in part.columns if columns is None or name in columns]
            labels = {name: part.labels[name] for name in wanted if name in part.labels}
            for row in part.read(wanted):
                number += 1
                yield number, _named(row, labels) if labels else row

    def notes_on(self, wanted: Iterable[str]) -> tuple[Note, ...]:
        """Return what of the table is not read where only `wanted` columns are: files, and other columns."""
        left = [name for name in self.columns if name not in set(wanted)]
        return (*self.notes, *([Note("columns not read", len(left), left[0])] if left else []))

    def row_name(self, number: int) -> str:
        """Return how messages name a row: by its file and its number there."""
        if len(self.parts) < 2 or not self._starts:
            return f"{self.where}, row {number}"
        at = bisect_right(self._starts, number - 1) - 1
        return f"{self.parts[at].where}, row {number - self._starts[at]}"

    def need(self, columns: Iterable[str], where: object) -> None:
        """Raise BadInput where any part lacks one of the columns, or the column that a nested path begins in."""
        for column in columns:
            for part in self.parts:
                if root_of(column, part.columns) not in part.columns:
                    raise BadInput(where, f"column {column!r} in {part.where}", f"columns {listed(part.columns)}")


def root_of(column: str, columns: Iterable[str]) -> str:
    """Return the column that `a.b.c` is in: itself where there is one of that name, otherwise a."""
    return column if column in columns else column.partition(".")[0]


def cell(row: Row, column: str) -> Any:
    """Return the cell of a row under a name, or at a nested path such as `choices.text`; None where none is."""
    if column in row:
        return row[column]
    name, dot, rest = column.partition(".")
    inside: Any = row.get(name)
    if getattr(inside, "ndim", 0) == 1:  # pandas holds lists as arrays
        inside = list(inside)
    if isinstance(inside, list) and dot and all(isinstance(each, Mapping) for each in inside):
        return [cell(each, rest) for each in inside]
    return cell(inside, rest) if dot and isinstance(inside, Mapping) else None


def listed(columns: Iterable[object]) -> str:
    """Return names for a message; where blanks or commas in them would not be seen, in quotes, blanks as marks."""
    return ", ".join(map(_shown, map(str, columns)))


def _shown(name: str) -> str:
    plain = name == " ".join(name.split()) and name and "," not in name
    return name if plain else repr(name).replace(" ", "\N{OPEN BOX}")


def _named(row: Row, labels: Mapping[str, Sequence[str]]) -> Row:
    """Return a row whose class labels are names; one outside the names, such as -1, means that there is none.

    CSV holds classes as digits, and a column with a gap as floats; a text that is a name already is one.
    """
    named = dict(row)
    for column, names in labels.items():
        value = named.get(column)
        text = str(value).strip().removesuffix(".0")
        is_name = isinstance(value, str) and value.strip() in names
        if not is_name and text.removeprefix("-").isdecimal():
            named[column] = names[int(text)] if 0 <= int(text) < len(names) else None
    return named


def sha256_of_rows(table: Callable[[], Rows]) -> str:
    """Return a hash of all cells, for tables that are no file, in hexadecimal."""
    digest = hashlib.sha256()
    hash_pieces(digest, lambda: (repr(dict(row)) for _, row in table()))
    return digest.hexdigest()
