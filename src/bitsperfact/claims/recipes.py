"""Recipes: one TOML file says where a set's facts come from and how its non-facts are made."""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.locations import data_folder
from bitsperfact.tables import Control

#: What a recipe of each kind may set under [options], and of which type.
OPTIONS: dict[str, dict[str, type | UnionType]] = {
    "airports": {"code": str},
    "chemicals": {"longest_name": int},
    "cities": {"smallest": int},
    "counties": {},
    "countries": {
        "answer": str,
        "least_population": int,
        "lower": bool,
        "drop": list,
        "replace": dict,
        "also_true": dict,
        "equal": list,
    },
    "elements": {"answer": str},
    "hub_questions": {
        "path": str,
        "config": str,
        "revision": str,
        "split": str,
        "group": str,
        "type": str,
        "facts": str,
        "aliases": str,
        "given": str,
    },
    "hub_statements": {
        "path": str,
        "config": str,
        "revision": str,
        "split": str,
        "group": str,
        "statement": str,
        "label": str,
        "grades": dict,
        "fact_at": float,
    },
    "ids": {"n": int, "seed": int, "digits": int, "first": list, "last": list},
    "strings": {"n": int, "seed": int, "alphabet": str, "length": int},
    "words": {"n": int, "seed": int, "largest": int, "first": list, "last": list},
}
_ALL_MADE = ("derangement", "fresh", "near")
#: The strata that can be made of each kind of source.
STRATA: dict[str, tuple[str, ...]] = {
    "airports": _ALL_MADE,
    "chemicals": _ALL_MADE,
    "cities": ("near",),
    "counties": _ALL_MADE,
    "countries": ("derangement",),
    "elements": ("derangement",),
    "hub_questions": ("derangement", "given"),
    "hub_statements": ("given",),
    "ids": _ALL_MADE,
    "strings": ("fresh",),
    "words": ("derangement",),
}
_SHAPES: dict[str, type | UnionType] = {
    "keep": int,
    "check": str,
    "digits": int,
    "smallest": float | int,
    "largest": float | int,
    "decay": float | int,
}


@dataclass(frozen=True)
class Recipe:
    """How to make one claim set.

    `kind` names the source (a key of `OPTIONS`). `packages` maps the PyPI packages read to the versions that
    fit. A claim is `prefix` and `target` with `{...}` filled in; `strata` are the kinds of non-facts made, each
    `negatives` times per fact. `universe` says in words what `universe_size` counts. `path` and `sha256` are
    those of the TOML file.
    """

    kind: str
    description: str
    licence: str
    universe: str
    prefix: str = ""
    target: str = "{answer}"
    strata: tuple[str, ...] = ("given",)
    negatives: int = 15
    control: Control = "none"
    packages: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    path: Path = Path()
    sha256: str = ""

    def filled(self, template: str, values: Mapping[str, object]) -> str:
        """`template` with its `{...}` replaced; raise BadInput where it names what the source has not."""
        try:
            return template.format_map(dict(values))
        except (KeyError, IndexError, ValueError, AttributeError, TypeError):
            raise BadInput(self.path, f"a template over {', '.join(map(str, values))}", repr(template)) from None


def names() -> list[str]:
    """Names of the packaged claim sets, sorted."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def recipe(name: str) -> Recipe:
    """The packaged recipe of this name; raise BadInput, with the nearest names, where there is none."""
    known = names()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known
        raise BadInput(f"claim set {name!r}", f"a file, or a set such as {', '.join(nearest)}", "no such set")
    return read_recipe(_folder() / f"{name}.toml")


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; raise BadInput where it is no TOML, or a key is unknown, missing or of the wrong type."""
    try:
        text = path.read_bytes().decode()
        table = tomllib.loads(text)
    except OSError as error:
        raise BadInput(path, "a readable recipe", error.strerror) from None
    except (ValueError, RecursionError) as error:
        raise BadInput(path, "a recipe in TOML, in UTF-8", error) from None
    _check(path, table)
    table["strata"] = tuple(table.get("strata", Recipe.strata))
    return Recipe(**table, name=path.stem, path=path, sha256=sha256_of_text(text))


def _folder() -> Path:
    return data_folder() / "claims"


_SCHEMA: dict[str, type | UnionType] = {
    "kind": str,
    "description": str,
    "licence": str,
    "universe": str,
    "prefix": str,
    "target": str,
    "strata": list,
    "negatives": int,
    "control": str,
    "packages": dict,
    "options": dict,
    "shape": dict,
}
_REQUIRED = [f.name for f in fields(Recipe)][:4]


def _check(path: Path, table: dict[str, Any]) -> None:
    for key in _REQUIRED:
        if key not in table:
            raise BadInput(path, f"keys {', '.join(_REQUIRED)}", f"no key {key!r}")
    _check_keys(path, "", table, _SCHEMA)
    if table["kind"] not in OPTIONS:
        raise BadInput(f"{path}, key kind", f"one of {', '.join(OPTIONS)}", repr(table["kind"]))
    _check_keys(path, "options.", table.get("options", {}), OPTIONS[table["kind"]])
    _check_keys(path, "shape.", table.get("shape", {}), _SHAPES)
    _check_values(path, table)


def _check_keys(path: Path, prefix: str, table: Mapping[str, Any], schema: Mapping[str, type | UnionType]) -> None:
    for key, value in table.items():
        if key not in schema:
            raise BadInput(
                f"{path}, key {prefix}{key}", f"one of {', '.join(schema) or 'no keys'}", "an unknown key"
            )
        kind = schema[key]
        # TOML's true is a Python int as well.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadInput(f"{path}, key {prefix}{key}", getattr(kind, "__name__", str(kind)), repr(value))
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"{path}, key {prefix}{key}", "a finite number", value)


def _check_values(path: Path, table: dict[str, Any]) -> None:
    strata = table.get("strata", ["given"])
    possible = STRATA[table["kind"]]
    if not strata or not set(map(str, strata)) <= set(possible):
        raise BadInput(f"{path}, key strata", f"some of {', '.join(possible)}", strata)
    if table.get("negatives", 1) < 1:
        raise BadInput(f"{path}, key negatives", "at least 1", table["negatives"])
    if table.get("control", "none") not in get_args(Control):
        raise BadInput(f"{path}, key control", f"one of {', '.join(get_args(Control))}", table["control"])
