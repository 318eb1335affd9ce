"""What both kinds of Hub recipe share: opening a data set of the Hub, or of a folder in its place."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bitsperfact.claims.recipes import Recipe
from bitsperfact.errors import BadInput

#: Options that say which data set.
OPTIONS = {"path": str, "config": str, "revision": str, "split": str}
#: `options.split` that takes every split, one after the other.
ALL_SPLITS = "all"


def open_split(recipe: Recipe, columns: list[str]) -> list[Mapping[str, Any]]:
    """Read the rows of `options.path` (a Hub name, or a folder: absolute, or beside the recipe), labels by name.

    Raises BadInput where it cannot be had (offline, private, no such set), or lacks the split or a column.
    """
    opened = _open(recipe)
    split = recipe.options.get("split", ALL_SPLITS)
    if split != ALL_SPLITS and split not in opened:
        raise BadInput(recipe.path, f"split {split!r} of {source(recipe)}", f"splits {', '.join(opened)}")
    chosen = list(opened.values()) if split == ALL_SPLITS else [opened[split]]
    for part in chosen:
        for column in columns:
            if column not in part.column_names:
                raise BadInput(
                    recipe.path,
                    f"column {column!r} in {source(recipe)}",
                    f"columns {', '.join(part.column_names)}",
                )
    return [row for part in chosen for row in _named(part, columns)]


def source(recipe: Recipe) -> str:
    """Return what the rows' `source` says, such as "hub org/name@revision"."""
    revision = recipe.options.get("revision", "")
    return f"hub {recipe.options['path']}" + (f"@{revision}" if revision else "")


def texts(value: object) -> tuple[str, ...]:
    """Read a cell as texts: a text, a list of texts, or such a list written as JSON; missing ones are left out."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return (str(value),)
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str) and item.strip())


def _open(recipe: Recipe) -> Mapping[str, Any]:
    import datasets

    if "path" not in recipe.options:
        raise BadInput(recipe.path, "key options.path", "no such key")
    path = recipe.options["path"]
    beside = recipe.path.parent / path
    where = str(beside) if beside.is_dir() else path
    try:
        with _quiet():
            opened: Mapping[str, Any] = datasets.load_dataset(
                where, recipe.options.get("config"), revision=recipe.options.get("revision")
            )
    except Exception as error:
        # Whatever the library and the network may raise, the user's remedy is the same.
        got = str(error) or type(error).__name__
        expected = f"data set {path!r}, from the Hub or a local folder" + (
            "" if Path(where).is_dir() else " (online?)"
        )
        raise BadInput(recipe.path, expected, got) from None
    return opened


@contextmanager
def _quiet() -> Iterator[None]:
    import datasets

    hidden = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if not hidden:
            datasets.enable_progress_bars()


def _named(part: Any, columns: list[str]) -> Iterator[Mapping[str, Any]]:
    labels = {name: part.features[name] for name in columns if hasattr(part.features[name], "int2str")}
    for row in part.select_columns(columns):
        # A class label of -1 means that the label is not known.
        yield {n: labels[n].int2str(v) if n in labels and v is not None and v >= 0 else v for n, v in row.items()}
