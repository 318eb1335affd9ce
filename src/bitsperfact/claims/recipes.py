"""Recipes: one TOML file says where a set's facts come from and how its non-facts are made."""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from bitsperfact.claims.joints import asks_for_space
from bitsperfact.claims.kinds import KINDS, SourceKind
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.locations import data_folder
from bitsperfact.tables import Control


@dataclass(frozen=True)
class Recipe:
    """How to make one claim set.

    `kind` names the source: a module of `claims.sources`, an entry point, or `package.module:NAME`. `packages`
    maps the PyPI packages read to the versions that fit. A claim is `prefix` and `target` with `{...}` filled in;
    `strata` are the kinds of non-facts made, each `negatives` times per fact. `universe` says in words what
    `universe_size` counts. `path` and `sha256` are those of the TOML file. `given`: rows in memory that take the
    place of `options.path`.
    """

    kind: str
    description: str
    licence: str
    universe: str
    prefix: str = ""
    target: str = ""
    strata: tuple[str, ...] = ("given",)
    negatives: int = 15
    control: Control = "none"
    packages: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    path: Path = Path()
    sha256: str = ""
    given: Any = None

    def filled(self, template: str, values: Mapping[str, object]) -> str:
        """Return `template` with its `{...}` replaced; raise BadInput where it names what the source has not."""
        try:
            return template.format_map(dict(values))
        except (KeyError, IndexError, ValueError, AttributeError, TypeError):
            raise BadInput(self.path, f"a template over {', '.join(map(str, values))}", repr(template)) from None


def names() -> list[str]:
    """Return the names of the packaged claim sets, sorted."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def recipe(name: str) -> Recipe:
    """Return the packaged recipe of this name; raise BadInput, with the nearest names, where there is none."""
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
    return from_table(table, path, path.stem, sha256_of_text(text))


def from_table(table: dict[str, Any], path: Path, name: str, sha256: str, given: Any = None) -> Recipe:
    """Check a recipe's keys and return it; raise BadInput where one is unknown, missing or of the wrong type."""
    _check(path, table)
    kind = _kind(path, table["kind"])
    table["strata"] = tuple(table.get("strata", kind.default_strata(table)))
    table.setdefault("target", default_target(table.get("prefix", "")))
    return Recipe(**table, name=name, path=path, sha256=sha256, given=given)


def default_target(prefix: str) -> str:
    """Return the target of a recipe that says none: the answer, after a space in scripts that have it."""
    return " {answer}" if asks_for_space(prefix) else "{answer}"


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
_REQUIRED = ("kind", "description", "licence", "universe")


def _check(path: Path, table: dict[str, Any]) -> None:
    for key in _REQUIRED:
        if key not in table:
            raise BadInput(path, f"keys {', '.join(_REQUIRED)}", f"no key {key!r}")
    _check_keys(path, "", table, _SCHEMA)
    kind = _kind(path, table["kind"])
    _check_keys(path, "options.", table.get("options", {}), kind.options)
    _check_shape(path, table.get("shape", {}), kind)
    _check_values(path, table, kind)


def _kind(path: Path, name: str) -> SourceKind:
    try:
        kind: SourceKind = KINDS.find(name)
    except BadInput as error:
        raise BadInput(f"{path}, key kind", error.expected, error.got) from None
    return kind


def _check_shape(path: Path, given: Mapping[str, Any], kind: SourceKind) -> None:
    known = {} if kind.shape is None else {each.name: each.type for each in fields(kind.shape)}
    _check_keys(path, "shape.", given, known)
    try:
        if kind.shape is not None:
            kind.shape(**given)
    except ValueError as error:
        raise BadInput(f"{path}, key shape", error, dict(given)) from None


def _check_keys(path: Path, prefix: str, table: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if key not in schema:
            raise BadInput(
                f"{path}, key {prefix}{key}", f"one of {', '.join(schema) or 'no keys'}", "an unknown key"
            )
        kind = float | int if schema[key] is float else schema[key]
        # TOML's true is a Python int as well.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadInput(f"{path}, key {prefix}{key}", getattr(kind, "__name__", str(kind)), repr(value))
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"{path}, key {prefix}{key}", "a finite number", value)


def _check_values(path: Path, table: dict[str, Any], kind: SourceKind) -> None:
    strata = table.get("strata", ["given"])
    if not strata or not set(map(str, strata)) <= set(kind.strata):
        raise BadInput(f"{path}, key strata", f"some of {', '.join(kind.strata)}", strata)
    if table.get("negatives", 1) < 1:
        raise BadInput(f"{path}, key negatives", "at least 1", table["negatives"])
    if table.get("control", "none") not in get_args(Control):
        raise BadInput(f"{path}, key control", f"one of {', '.join(get_args(Control))}", table["control"])
