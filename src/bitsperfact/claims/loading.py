"""`load`: from a set's name, a recipe or a file of claims to a checked claim set."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bitsperfact.claims import build
from bitsperfact.claims.claimset import ClaimSet, ClaimStream
from bitsperfact.claims.negatives.derangement import answer_ratio
from bitsperfact.claims.readers import SUFFIXES, read_rows
from bitsperfact.claims.recipes import Recipe, names, read_recipe, recipe
from bitsperfact.claims.statements import claim_batches
from bitsperfact.claims.subjects import Statements
from bitsperfact.claims.survey import survey
from bitsperfact.claims.universe import universe_size
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_file
from bitsperfact.tables import NONFACT_STRATA, ClaimSetInfo


def load(
    source: str | Path,
    *,
    negatives: int | None = None,
    seed: int = 0,
    limit: int | None = None,
    strata: Sequence[str] | None = None,
) -> ClaimSet:
    """Load a claim set: a packaged one by name, one's own recipe (.toml), or claims in .csv, .jsonl or .parquet.

    Of a file that holds several sets, as the claims of a run do, FILE#NAME is one.

    `negatives` (default: the recipe's) non-facts per fact are made in each of `strata` (default: the recipe's),
    or all there are if fewer; of a file's own non-facts all are kept. `limit` takes a sample of whole entities
    with that many facts, or just more; a larger sample contains a smaller one, non-facts come from the whole set
    either way, and `info` counts the whole set. The same arguments give the same table, byte for byte.

    Raises BadInput (one line: where, expected, got) for input that cannot be used, ValueError for arguments
    out of range.
    """
    return _in_memory(_stream(source, negatives, seed, limit, strata))


def _stream(
    source: str | Path, negatives: int | None, seed: int, limit: int | None, strata: Sequence[str] | None
) -> ClaimStream:
    for name, value, least in (("negatives", negatives, 1), ("seed", seed, 0), ("limit", limit, 1)):
        if value is not None and value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    if strata is not None and (not strata or not set(strata) <= set(NONFACT_STRATA)):
        raise ValueError(f"strata must be some of {', '.join(NONFACT_STRATA)}, not {strata!r}")
    path, chosen = _split(source)
    if str(source) in names() or not _is_path(path):
        return _from_recipe(recipe(str(source)), negatives, seed, limit, strata)
    if path.suffix == ".toml":
        return _from_recipe(read_recipe(path), negatives, seed, limit, strata)
    sets = _sets_in(path)
    if chosen is None and len(sets) > 1:
        raise BadInput(path, f"one claim set, or which one ({path.name}#NAME)", f"{len(sets)}: {', '.join(sets)}")
    if chosen is not None and chosen not in sets:
        raise BadInput(path, f"a claim set among {', '.join(sets)}", repr(chosen))
    name = chosen if chosen is not None else next(iter(sets), "")
    return _from_file(path, name, seed, limit, strata)


def stream_all(
    source: str | Path, *, negatives: int | None = None, seed: int = 0, limit: int | None = None
) -> list[ClaimStream]:
    """Return every claim set of a source in order, rows in batches: of a file that holds several sets, all.

    A file is read twice for each set, or three times, and never held. The facts of a recipe are, since non-facts
    are made from other subjects' answers; their claims are not.
    """
    path, chosen = _split(source)
    whole = chosen is None and str(source) not in names() and path.suffix in SUFFIXES
    sets = _sets_in(path) if whole else []
    if len(sets) < 2:
        return [_stream(source, negatives, seed, limit, None)]
    return [_from_file(path, name, seed, limit, None) for name in sets]


def _in_memory(stream: ClaimStream) -> ClaimSet:
    return ClaimSet(pd.concat(stream.batches(), ignore_index=True), stream.info)


def _split(source: str | Path) -> tuple[Path, str | None]:
    """Return a file, and the set in it where one is named."""
    file, mark, chosen = str(source).rpartition("#")
    return (Path(file), chosen) if mark and Path(file).suffix in SUFFIXES else (Path(source), None)


def _sets_in(path: Path) -> list[str]:
    """Return the claim sets that the rows of a file say they are of, in order; "" where they say nothing."""
    first = next(read_rows(path), (0, {}))[1]
    if path.suffix != ".jsonl" and "claim_set" not in first:  # nor has any other row
        return [""]
    return list(dict.fromkeys(_own_name(row) for _, row in read_rows(path)))


def census(chosen: Recipe) -> tuple[int, int]:
    """Return facts n and plausible claims u of a recipe's whole set (1, counts), without making a non-fact."""
    made = build.read_source(chosen)
    size = len(made.rows) if isinstance(made, Statements) else universe_size(made, chosen.strata)
    return made.n_facts, size


def _is_path(path: Path) -> bool:
    try:
        return path.suffix in (".toml", *SUFFIXES) or len(path.parts) != 1 or path.exists()
    except (OSError, ValueError):
        # A name that no file can have: too long, or with a null byte.
        return False


def _from_recipe(
    chosen: Recipe, negatives: int | None, seed: int, limit: int | None, strata: Sequence[str] | None
) -> ClaimStream:
    wanted = tuple(s for s in chosen.strata if strata is None or s in strata)
    if not wanted:
        raise BadInput(
            f"claim set {chosen.name}", f"strata among {', '.join(chosen.strata)}", ", ".join(strata or ())
        )
    made, k, ratio = build.read_source(chosen), negatives or chosen.negatives, None
    if isinstance(made, Statements):
        size = len(made.rows)
        batches = partial(build.labelled_batches, chosen, made, seed, limit)
    else:
        size = universe_size(made, chosen.strata)
        batches = partial(build.batches, chosen, made, wanted, k, seed, limit)
        ratio = answer_ratio(made, k) if "derangement" in wanted else None
    info = ClaimSetInfo(
        name=chosen.name,
        n_facts=made.n_facts,
        universe_size=size,
        licence=chosen.licence,
        recipe_sha256=chosen.sha256,
        seed=seed,
        control=chosen.control,
        description=chosen.description,
        answer_ratio=ratio,
    )
    return ClaimStream(info, batches)


def _from_file(
    path: Path, own_name: str, seed: int, limit: int | None, strata: Sequence[str] | None
) -> ClaimStream:
    name = own_name or path.stem

    def claims() -> Iterator[pd.DataFrame]:
        rows = (row for row in read_rows(path) if _own_name(row[1]) == own_name)
        return claim_batches(rows, str(path), path.name)

    found = survey(claims, str(path), strata or NONFACT_STRATA, seed, limit)

    def kept() -> Iterator[pd.DataFrame]:
        chosen = (batch[found.keeps(batch)] for batch in claims())
        return (build.identified(batch, name) for batch in chosen if len(batch))

    info = ClaimSetInfo(
        name=name,
        n_facts=found.n_facts,
        universe_size=found.n_claims,
        licence="as the file's owner says",
        recipe_sha256=sha256_of_file(path),
        seed=seed,
        description=f"Claims of the file {path.name}; its rows are taken for the universe.",
    )
    return ClaimStream(info, kept)


def _own_name(row: Mapping[str, Any]) -> str:
    # A table that this package wrote keeps its name, and with it its claim ids.
    name = row.get("claim_set")
    return name if isinstance(name, str) else ""
