"""`--template "The city of {city} is in| {country}"`: claims over a table's columns, without a recipe."""

from collections.abc import Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from bitsperfact.claims.files.cells import is_missing, text_of
from bitsperfact.claims.files.table import SourceTable
from bitsperfact.claims.notes import Note
from bitsperfact.claims.questions import fields_of
from bitsperfact.claims.recipes import Recipe, from_table
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text

_WHERE = "--template"
#: Columns that hold the truth of a row, under these names.
_LABELS = ("is_fact", "label")
#: Rows that are looked at for a template that would give their statements.
_SAMPLE = 500


def recipe_of(template: str, table: SourceTable, given: Any) -> Recipe:
    """Return a recipe for rows of a table: what stands before `|` is the prefix, the rest the target.

    Where the table has a column `label` or `is_fact`, each row is a claim with its label; otherwise rows are
    facts, whose answers, the one column of the target, are dealt to others as non-facts. Claims belong together
    where their prefixes are equal. Raises BadInput for a template that is broken or names a column that is not
    there.
    """
    prefix, mark, target = template.partition("|")
    if not mark or "|" in target or not prefix.strip() or not target.strip():
        raise BadInput(
            _WHERE, 'prefix and target with one "|" between, "The city of {city} is in| {country}"', repr(template)
        )
    table.need([*fields_of(prefix, _WHERE), *(answers := fields_of(target, _WHERE))], _WHERE)
    if not answers:
        raise BadInput(_WHERE, "a target over a column, such as {country}", repr(target))
    options: dict[str, Any] = {"path": table.where}
    label = next((name for name in _LABELS if name in table.columns), None)
    if label is not None:
        options["label"] = label
    elif len(answers) == 1:
        options["facts"], target = answers[0], target.replace("{" + answers[0] + "}", "{answer}")
    else:
        expected = f"one column in the target, or a column {' or '.join(_LABELS)} in {table.where}"
        raise BadInput(_WHERE, expected, f"columns {', '.join(answers)}")
    made: dict[str, Any] = {
        "kind": "file",
        "description": f"Rows of {table.source} as {template!r}.",
        "licence": "as the file's owner says",
        "universe": "the rows given" if label else "per question: every answer in the file",
        "prefix": prefix,
        "target": target,
        "options": options,
    }
    return from_table(made, Path(_WHERE), table.name, sha256_of_text(template, table.sha256()), given)


def hint(table: SourceTable) -> Note | None:
    """Return how a table of bare statements could be given as prefix and target; None where nothing shows it.

    Either columns hold parts of the statement, or many statements begin as another does.
    """
    rows = [row for _, row in islice(table.rows(table.plain_columns), _SAMPLE)]
    statements = [row["statement"] for row in rows if isinstance(row.get("statement"), str)]
    if not statements:
        return None
    bare = "bare statements, each its own entity, so that nothing can be calibrated"
    if (template := _template_of(rows, table)) is not None:
        return Note(f'{bare}; --template "{template}" reads them as prefix and target', len(rows))
    if (shared := _shared_beginning(statements)) is not None:
        prefix, target = shared
        advice = f"give columns prefix and target instead, such as {prefix!r} and {target!r}"
        return Note(f"{bare}; many begin alike: {advice}", len(rows))
    return None


def _template_of(rows: list[Mapping[str, Any]], table: SourceTable) -> str | None:
    """Return a template that gives nine of ten statements, split before its last column; None where none does."""
    others = [name for name in table.plain_columns if name not in ("statement", *_LABELS)]
    for row in rows[:5]:
        filled = _with_names(row, others)
        if filled is None:
            continue
        at = filled.rindex("{")
        at -= len(filled[:at]) - len(filled[:at].rstrip())
        prefix, target = filled[:at], filled[at:]
        if "{" not in prefix:
            continue
        given = sum(_fill(filled, each) == str(each.get("statement", "")).strip() for each in rows)
        if given >= 0.9 * len(rows):
            return f"{prefix}|{target}"
    return None


def _with_names(row: Mapping[str, Any], columns: list[str]) -> str | None:
    """Return a statement with names in the place of what columns hold; None where it holds fewer than two."""
    statement = str(row.get("statement", "")).strip()
    texts = {name: text_of(row[name], name) for name in columns if _is_text(row.get(name))}
    found: list[tuple[int, int, str]] = []
    for name, text in sorted(texts.items(), key=lambda item: -len(item[1])):
        start = statement.find(text)
        free = all(start + len(text) <= a or start >= b for a, b, _ in found)
        if start >= 0 and free and "{" not in name:
            found.append((start, start + len(text), name))
    if len(found) < 2:
        return None
    for start, stop, name in sorted(found, reverse=True):
        statement = f"{statement[:start]}{{{name}}}{statement[stop:]}"
    return statement


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not is_missing(value) and len(str(value)) > 1


def _fill(template: str, row: Mapping[str, Any]) -> str:
    for name, value in row.items():
        if "{" + name + "}" in template:
            template = template.replace("{" + name + "}", text_of(value, name))
    return template


def _shared_beginning(statements: list[str]) -> tuple[str, str] | None:
    """Return the first statement as two, where at least half begin, to beyond their half, as a neighbour does."""
    ordered = sorted(set(statements))
    shared = [_common(a, b).rpartition(" ")[0] for a, b in pairwise(ordered)]
    long = [2 * len(each) > len(text) for each, text in zip(shared, ordered, strict=False)]
    if not shared or sum(long) < max(2, len(ordered) / 4):
        return None
    first = long.index(True)
    return shared[first], ordered[first][len(shared[first]) :]


def _common(a: str, b: str) -> str:
    return a[: next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))]
