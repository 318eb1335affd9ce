"""Any table that a user has, with columns of any names: a file, a folder, a data set on disk or of the Hub."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bitsperfact.claims.files.formats import stem_of, suffix_of
from bitsperfact.claims.files.opening import ALL_SPLITS, open_file, open_folder, open_hub, open_table
from bitsperfact.claims.files.table import SourceTable
from bitsperfact.claims.kinds import MADE_OF_CODES, SourceKind
from bitsperfact.claims.labelled import OPTIONS as LABELLED
from bitsperfact.claims.labelled import read_labelled
from bitsperfact.claims.questions import OPTIONS as QUESTIONS
from bitsperfact.claims.questions import is_questions, read_questions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import CodeShape
from bitsperfact.claims.subjects import Facts, Statements
from bitsperfact.errors import BadInput

#: Options that say which table.
LOCATION: Mapping[str, Any] = {"path": str, "config": str, "revision": str, "split": str}
_REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?")


def table_of(recipe: Recipe) -> SourceTable:
    """Open `options.path`: a file or folder, absolute or beside the recipe, otherwise a name on the Hub.

    Without it, the file beside the recipe that has its name. Raises BadInput where it cannot be had (offline,
    private, no such file), or lacks the split.
    """
    options = recipe.options
    if recipe.given is not None:
        return open_table(recipe.given)
    split, config = options.get("split", ALL_SPLITS), options.get("config")
    if "path" not in options:
        return open_file(_beside(recipe))
    path = options["path"]
    local = recipe.path.parent / Path(path).expanduser()
    if local.is_dir():
        # Claims say that they are of the data set, whose copy this is.
        opened = open_folder(local, split=split, config=config, where=recipe.path)
        return replace(opened, source=_hub_source(options)) if recipe.kind.startswith("hub_") else opened
    if local.is_file():
        if parts := [key for key in ("split", "config") if key in options]:
            raise BadInput(f"{recipe.path}, key options.{parts[0]}", "a folder or data set", f"a file, {path}")
        return open_file(local)
    if suffix_of(local) or not _REPOSITORY.fullmatch(path.removeprefix("hub:").partition("@")[0]):
        raise BadInput(f"{recipe.path}, key options.path", f"a file or folder, such as {local}", "no such file")
    if path.startswith("hub:"):
        return open_table(path, split=split, config=config, revision=options.get("revision"))
    return open_hub(path, split=split, config=config, revision=options.get("revision"), where=recipe.path)


def _beside(recipe: Recipe) -> Path:
    found = sorted(
        path for path in recipe.path.parent.glob("*.*") if suffix_of(path) and stem_of(path) == recipe.name
    )
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BadInput(recipe.path, "key options.path, or one file of this name beside it", names)
    return found[0]


def _hub_source(options: Mapping[str, Any]) -> str:
    revision = options.get("revision", "")
    return f"hub {options['path']}" + (f"@{revision}" if revision else "")


def read(recipe: Recipe) -> Facts | Statements:
    """Read questions with answers where the recipe names columns of these, otherwise claims with labels."""
    options = recipe.options
    other, what = (LABELLED, "answers") if is_questions(options) else (QUESTIONS, "labelled claims")
    if unused := sorted((other.keys() - {"group"}) & options.keys()):
        raise BadInput(
            f"{recipe.path}, key options.{unused[0]}", f"options for {what} alone", "one that is not read"
        )
    if is_questions(options):
        again = options.get("again", "merge")
        if again not in ("merge", "first"):
            raise BadInput(f"{recipe.path}, key options.again", "merge or first", again)
        made = read_questions(recipe, table_of(recipe), again=again)
        shape = CodeShape(**recipe.shape) if set(recipe.strata) & {"fresh", "near"} else None
        return replace(made, shape=shape, universe_size=options.get("universe_size"))
    return read_labelled(recipe, table_of(recipe))


def default_strata(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the strata of a recipe that names none: what is given where there is some, else derangements."""
    options = table.get("options", {})
    made = is_questions(options) and not {"given", "choices"} & options.keys()
    return ("derangement",) if made else ("given",)


KIND = SourceKind(
    read,
    (*MADE_OF_CODES, "given"),
    {**LOCATION, **QUESTIONS, **LABELLED, "n_facts": int, "universe_size": int},
    CodeShape,
    default_strata,
)
