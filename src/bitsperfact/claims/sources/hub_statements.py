"""Hub data sets of whole statements with a label, two-valued or graded."""

import pandas as pd

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.sources import _hub
from bitsperfact.claims.statements import read_label
from bitsperfact.claims.subjects import Statements
from bitsperfact.errors import BadInput


def read(recipe: Recipe) -> Statements:
    """Read one row per distinct statement with one label.

    Columns `statement` and `label` are required. `options.grades` maps labels, by name or number, to grades in
    [0, 1]; facts are those of at least `fact_at`. Published sets repeat and contradict themselves: repeated
    statements count once, and those with two labels, or with none, not at all.
    """
    for key in ("statement", "label"):
        if key not in recipe.options:
            raise BadInput(recipe.path, f"key options.{key}, a column", "no such key")
    group = recipe.options.get("group", recipe.options["statement"])
    columns = list(dict.fromkeys([recipe.options["statement"], recipe.options["label"], group]))
    found: dict[str, tuple[set[float], str]] = {}
    for row in _hub.open_split(recipe, columns):
        text, grade = row[recipe.options["statement"]], _grade(recipe, row[recipe.options["label"]])
        if isinstance(text, str) and text.strip() and grade is not None:
            found.setdefault(text, (set(), str(row[group] or text)))[0].add(grade)
    clear = [(text, next(iter(grades)), entity) for text, (grades, entity) in found.items() if len(grades) == 1]
    threshold = recipe.options.get("fact_at", 1.0)
    rows = pd.DataFrame(
        [("", text, grade >= threshold, grade, entity) for text, grade, entity in clear],
        columns=["prefix", "target", "is_fact", "grade", "group"],
    )
    return Statements(rows, _hub.source(recipe))


def _grade(recipe: Recipe, label: object) -> float | None:
    """Grade of a label; None where the data set has none (missing, or -1 as in unlabelled test splits)."""
    if label is None or label == -1:
        return None
    grades = recipe.options.get("grades")
    if grades is None:
        return float(read_label(label, recipe.path))
    if str(label) not in grades or not 0 <= grades[str(label)] <= 1:
        raise BadInput(
            f"{recipe.path}, key options.grades", f"a grade in [0, 1] for label {label!r}", dict(grades)
        )
    return float(grades[str(label)])


KIND = SourceKind(
    read,
    ("given",),
    {**_hub.OPTIONS, "group": str, "statement": str, "label": str, "grades": dict, "fact_at": float},
)
