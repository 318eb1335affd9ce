"""How rows stand in one JSON value: as a list, by column, by row, or split into columns and data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput


def rows_in(content: Any, path: Path) -> list[Any]:
    """Return the rows of a list, of an object that holds one list of objects, and of all that pandas writes.

    By column, as lists of one length or objects of the same keys; by row, as an object of objects; or split into
    columns and data. Raises BadInput for any other value.
    """
    if isinstance(content, list):
        return content
    if isinstance(content, dict):
        rows = _of_lists(content) or _of_objects(content)
        if rows is not None:
            return rows
    raise BadInput(path, "a list of JSON objects", f"a JSON {type(content).__name__}")


def _of_lists(content: Mapping[str, Any]) -> list[Any] | None:
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    if lists.keys() >= {"columns", "data"} and all(isinstance(cells, list) for cells in lists["data"]):
        if any(len(cells) != len(lists["columns"]) for cells in lists["data"]):
            return None
        return [dict(zip(map(str, lists["columns"]), cells, strict=True)) for cells in lists["data"]]
    of_objects = [value for value in lists.values() if value and isinstance(value[0], dict)]
    alike = len(lists) == len(content) and len({len(value) for value in lists.values()}) == 1
    if len(of_objects) == 1 and not (alike and len(lists) > 1):
        return of_objects[0]
    return [dict(zip(lists, cells, strict=True)) for cells in zip(*lists.values(), strict=True)] if alike else None


def _of_objects(content: Mapping[str, Any]) -> list[Any] | None:
    """Return rows of an object of objects: with one key for each row where these are numbers, else by column."""
    if not content or not all(isinstance(value, dict) for value in content.values()):
        return None
    if all(name.isdecimal() for name in content):
        return list(content.values())
    keys = list(next(iter(content.values())))
    if any(list(cells) != keys for cells in content.values()) or not all(key.isdecimal() for key in keys):
        return None
    return [{name: cells[key] for name, cells in content.items()} for key in keys]
