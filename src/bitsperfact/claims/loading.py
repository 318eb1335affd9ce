"""`load`: from a set's name, a recipe or rows of any kind to a checked claim set."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bitsperfact.claims import build
from bitsperfact.claims.claimset import ClaimSet, ClaimStream
from bitsperfact.claims.files.cells import text_of
from bitsperfact.claims.files.formats import is_there, stem_of, suffix_of
from bitsperfact.claims.files.opening import open_table
from bitsperfact.claims.files.table import SourceTable, listed
from bitsperfact.claims.joints import Joints
from bitsperfact.claims.negatives.derangement import answer_ratio
from bitsperfact.claims.notes import Note
from bitsperfact.claims.recipes import Recipe, names, read_recipe, recipe
from bitsperfact.claims.statements import check_columns, claim_batches, wanted_columns
from bitsperfact.claims.subjects import Statements
from bitsperfact.claims.survey import survey
from bitsperfact.claims.templates import hint, recipe_of
from bitsperfact.claims.universe import universe_size
from bitsperfact.errors import BadInput
from bitsperfact.tables import NONFACT_STRATA, ClaimSetInfo

_LOST = Note("claims of a set without what it is: n and u are those of its rows, and it is no control", 1)
#: What a claim set can be made of: a name or path, or rows in memory (a DataFrame, a Dataset, a list of dicts).
Source = Any


def load(
    source: Source,
    *,
    negatives: int | None = None,
    seed: int = 0,
    limit: int | None = None,
    strata: Sequence[str] | None = None,
    template: str | None = None,
    name: str | None = None,
) -> ClaimSet:
    """Load a claim set: a packaged one by name, one's own recipe (.toml), or rows of claims.

    Rows are those of a file (.csv, .tsv, .json, .jsonl, .parquet, each also with .gz), a folder, a data set saved
    to disk, `hub:org/name[@revision][#config]`, a DataFrame, a `datasets.Dataset` or a list of dicts, with columns
    `prefix, target, is_fact` or `statement, label`; or any columns that `template` is over, such as
    "The city of {city} is in| {country}" (see `templates.recipe_of`). Of a file that holds several sets, as the
    claims of a run do, FILE#NAME is one. A recipe `x.toml` of kind "file" beside `x.csv` says how it is read.

    `negatives` (default: the recipe's) non-facts per fact are made in each of `strata` (default: the recipe's),
    or all there are if fewer; of a file's own non-facts all are kept. `limit` takes a sample of whole entities
    with that many facts, or just more; a larger sample contains a smaller one, non-facts come from the whole set
    either way, and `info` counts the whole set. `name` (default: the file's) is what the set is called. The same
    arguments give the same table, byte for byte.

    Raises BadInput (one line: where, expected, got) for input that cannot be used, ValueError for arguments
    out of range.
    """
    stream = _named(_stream(source, negatives, seed, limit, strata, template), name)
    joints = Joints(f"claim set {stream.info.name}")
    frame = pd.concat(stream.batches(), ignore_index=True)
    joints.add(frame)
    return ClaimSet(frame, stream.info, (*stream.notes, *joints.notes()))


def from_frame(frame: pd.DataFrame, name: str, **arguments: Any) -> ClaimSet:
    """Return a DataFrame of claims as the claim set `name`; `load` says which columns, arguments and errors."""
    return load(frame, name=name, **arguments)


def stream_all(
    source: Source,
    *,
    negatives: int | None = None,
    seed: int = 0,
    limit: int | None = None,
    template: str | None = None,
) -> list[ClaimStream]:
    """Return every claim set of a source in order, rows in batches: of a file that holds several sets, all.

    A file is read twice for each set, or three times, and never held. The facts of a recipe are, since non-facts
    are made from other subjects' answers; their claims are not.
    """
    _check(negatives, seed, limit, None)
    found = _recipe(source, template)
    if isinstance(found, Recipe):
        return [_from_recipe(found, negatives, seed, limit, None)]
    table, chosen = found
    sets = _sets_in(table)
    if chosen is not None or len(sets) < 2:
        return [_from_table(table, _chosen(table, sets, chosen), seed, limit, None)]
    return [_from_table(table, own, seed, limit, None) for own in sets]


def _stream(
    source: Source,
    negatives: int | None,
    seed: int,
    limit: int | None,
    strata: Sequence[str] | None,
    template: str | None,
) -> ClaimStream:
    _check(negatives, seed, limit, strata)
    found = _recipe(source, template)
    if isinstance(found, Recipe):
        return _from_recipe(found, negatives, seed, limit, strata)
    table, chosen = found
    return _from_table(table, _chosen(table, _sets_in(table), chosen), seed, limit, strata)


def _check(negatives: int | None, seed: int, limit: int | None, strata: Sequence[str] | None) -> None:
    for name, value, least in (("negatives", negatives, 1), ("seed", seed, 0), ("limit", limit, 1)):
        if value is not None and value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    if strata is not None and (not strata or not set(strata) <= set(NONFACT_STRATA)):
        raise ValueError(f"strata must be some of {', '.join(NONFACT_STRATA)}, not {strata!r}")


def _recipe(source: Source, template: str | None) -> Recipe | tuple[SourceTable, str | None]:
    """Return the recipe that a source is, or has beside it, or its table and the set that is named in it."""
    if isinstance(source, (str, Path)):
        path, chosen = _split(source)
        is_recipe = str(source) in names() or path.suffix == ".toml" or not _is_path(path)
        if is_recipe and template is not None:
            raise BadInput("--template", "rows with columns, a file or data set", f"the recipe {source}")
        if str(source) in names() or not _is_path(path):
            return recipe(str(source))
        if path.suffix == ".toml":
            return read_recipe(path)
        if template is None and chosen is None and (stated := _stated_beside(path)) is not None:
            return stated
        given: Any = str(path)
    else:
        given, chosen = source, None
    table = open_table(given)
    return (table, chosen) if template is None else recipe_of(template, table, given)


def _stated_beside(path: Path) -> Recipe | None:
    """Return the recipe of kind "file" that has a file's name and says how it is read; None where none does."""
    try:
        beside = path.with_name(f"{stem_of(path)}.toml")
        if not suffix_of(path) or not beside.is_file():
            return None
    except (OSError, ValueError):
        return None
    stated = read_recipe(beside)
    own = (beside.parent / str(stated.options.get("path", path.name))).resolve() == path.resolve()
    return stated if stated.kind == "file" and own else None


def _split(source: str | Path) -> tuple[Path, str | None]:
    """Return a file, and the set in it where one is named."""
    text = str(source)
    for at in (at for at, mark in enumerate(text) if mark == "#" and not text.startswith("hub:")):
        file = Path(text[:at])
        if (suffix_of(file) or is_there(file, Path.is_dir)) and not is_there(Path(text)):
            return file, text[at + 1 :]
    return Path(source), None


def _is_path(path: Path) -> bool:
    named = str(path).startswith("hub:") or suffix_of(path) or path.suffix == ".toml"
    return bool(named) or len(path.parts) != 1 or is_there(path)


def _sets_in(table: SourceTable) -> list[str]:
    """Return the claim sets that the rows of a table say they are of, in order; "" where they say nothing."""
    check_columns(table)
    if "claim_set" not in table.columns:
        return [""]
    return list(dict.fromkeys(_own_name(row) for _, row in table.rows(["claim_set"])))


def _chosen(table: SourceTable, sets: list[str], chosen: str | None) -> str:
    if chosen is None and len(sets) > 1:
        which = f"which one ({Path(table.where).name}#NAME)" if Path(table.where).exists() else "the rows of one"
        raise BadInput(table.where, f"one claim set, or {which}", f"{len(sets)}: {listed(sets)}")
    if chosen is not None and chosen not in sets:
        raise BadInput(table.where, f"a claim set among {listed(sets)}", repr(chosen))
    return chosen if chosen is not None else next(iter(sets), "")


def census(chosen: Recipe) -> tuple[int, int]:
    """Return facts n and plausible claims u of a recipe's whole set (1, counts), without making a non-fact."""
    made = build.read_source(chosen)
    size = len(made.rows) if isinstance(made, Statements) else universe_size(made, chosen.strata)
    return made.n_facts, size


def _from_recipe(
    chosen: Recipe, negatives: int | None, seed: int, limit: int | None, strata: Sequence[str] | None
) -> ClaimStream:
    wanted = tuple(s for s in chosen.strata if strata is None or s in strata)
    if not wanted:
        raise BadInput(
            f"claim set {chosen.name}", f"strata among {', '.join(chosen.strata)}", ", ".join(strata or ())
        )
    made, k, ratio = build.read_source(chosen), negatives or chosen.negatives, None
    notes = made.notes
    if isinstance(made, Statements):
        size = len(made.rows)
        batches = partial(build.labelled_batches, chosen, made, seed, limit)
    else:
        size = universe_size(made, chosen.strata)
        batches = partial(build.batches, chosen, made, wanted, k, seed, limit)
        ratio = answer_ratio(made, k) if "derangement" in wanted else None
        beyond = sum(max(0, len(each.given) - k * len(each.answers)) for each in made.subjects)
        if "given" in wanted and beyond:
            reason = f"given non-facts left out: beyond the {k} per fact that --negatives says"
            notes = (*notes, Note(reason, beyond))
    info = ClaimSetInfo(
        name=chosen.name,
        n_facts=chosen.options.get("n_facts", made.n_facts),
        universe_size=chosen.options.get("universe_size", size),
        licence=chosen.licence,
        recipe_sha256=chosen.sha256,
        seed=seed,
        control=chosen.control,
        description=chosen.description,
        answer_ratio=ratio,
    )
    _check_counts(chosen, info, made.n_facts)
    return ClaimStream(info, batches, notes)


def _check_counts(chosen: Recipe, info: ClaimSetInfo, n_facts: int) -> None:
    """Raise BadInput where a recipe states an n or u that cannot be: fewer than there are, or u not above n."""
    stated = {"n_facts", "universe_size"} & chosen.options.keys()
    if stated and info.n_facts < n_facts:
        where = f"{chosen.path}, key options.n_facts"
        raise BadInput(where, f"at least {n_facts}, those in the rows", info.n_facts)
    if stated and info.universe_size <= info.n_facts:
        where = f"{chosen.path}, key options.universe_size"
        raise BadInput(where, f"more than n_facts, {info.n_facts}", info.universe_size)


def _from_table(
    table: SourceTable, own_name: str, seed: int, limit: int | None, strata: Sequence[str] | None
) -> ClaimStream:
    name = own_name or table.name

    def claims() -> Iterator[pd.DataFrame]:
        rows = (row for row in table.rows(wanted_columns()) if _own_name(row[1]) == own_name)
        return claim_batches(rows, table)

    found = survey(claims, table.where, strata or NONFACT_STRATA, seed, limit)

    def kept() -> Iterator[pd.DataFrame]:
        chosen = (batch[found.keeps(batch)] for batch in claims())
        return (build.identified(batch, name) for batch in chosen if len(batch))

    _check_census(table, name, found.n_facts)
    info = table.infos.get(name) or ClaimSetInfo(
        name=name,
        n_facts=found.n_facts,
        universe_size=found.n_claims,
        licence="as the file's owner says",
        recipe_sha256=table.sha256(),
        seed=seed,
        description=f"Claims of {table.source}; its rows are taken for the universe.",
    )
    bare = hint(table) if "prefix" not in table.columns else None
    lost = (
        _LOST if {"claim_id", "claim_set", "stratum"} <= set(table.columns) and name not in table.infos else None
    )
    own = [note for note in (bare, lost) if note is not None]
    return ClaimStream(info, kept, (*table.notes_on([*wanted_columns(), "claim_id"]), *found.notes, *own))


def _check_census(table: SourceTable, name: str, n_facts: int) -> None:
    """Raise BadInput where a set has more facts than are stated of it, as where two of one name were joined."""
    stated = table.infos.get(name)
    if stated is not None and n_facts > stated.n_facts:
        expected = f"at most {stated.n_facts} facts, as it says of claim set {name}"
        raise BadInput(table.where, expected, f"{n_facts}; rows added need a claim_set of their own")


def _named(stream: ClaimStream, name: str | None) -> ClaimStream:
    """Return a stream under another name, which its claims' ids hash."""
    if name is None or name == stream.info.name:
        return stream

    def renamed() -> Iterator[pd.DataFrame]:
        return (build.identified(batch, name) for batch in stream.batches())

    return replace(stream, info=replace(stream.info, name=name), batches=renamed)


def _own_name(row: Mapping[str, Any]) -> str:
    # A table that this package wrote keeps its name, and with it its claim ids.
    name = row.get("claim_set")
    return name if isinstance(name, str) else text_of(name, "column claim_set")
