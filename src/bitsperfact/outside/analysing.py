"""From scores that are there already to a run: of tables from elsewhere, of finished runs, or of both together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from bitsperfact import console, joining, runs, tables
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_file
from bitsperfact.outside.files import Source
from bitsperfact.outside.gathering import Gathered, gathered

#: Packages whose versions decide numbers, recorded with every run.
RECORDED = ("bitsperfact", "numpy", "pandas", "scikit-learn", "scipy")


def analyse_scores(
    source: Source | Sequence[Source],
    out: str | Path | None = None,
    *,
    log_odds: bool = False,
    seed: int = 0,
    replicates: int = 200,
    progress: bool | None = False,
) -> runs.Run:
    """Analyse scores that any model gave anywhere, and return the run, written to the folder `out` if given.

    Args:
        source: a table of scores (a frame, a list of rows, or a CSV, TSV, JSON lines or parquet file, maybe `.gz`)
            with columns model, claim_set, group, is_fact and score, and what more is known of claims, models and
            sets (docs/scores-from-elsewhere.md); or the folder of a finished run; or a list of these, which are
            analysed together.
        out: where the run is written, with its page; none leaves it in memory.
        log_odds: whether the scores are log-odds that the claim is a fact, so that their level means something.
        seed, replicates: of the resamples behind each interval (1).
        progress: whether a bar is shown; None on a terminal.

    Raises: BadInput (one line: where, expected, got), before anything is computed or written, for a cell, a row or
        a table that cannot be used, and for runs that contradict each other.
    """
    sources = _sources(source)
    _check(sources, out, seed, replicates)
    found = _together(sources, log_odds)
    facts = runs.provenance(RECORDED) | {
        "options": {"log_odds": log_odds, "seed": seed, "replicates": replicates},
        "sources": [_recorded(each) for each in sources],
        "notes": found.notes,
    }
    if out is None:
        return _analysed(found, Path(), facts, progress)
    with runs.writing(Path(out)) as writer:
        writer.begin("analysing", found.claim_sets, found.models, **facts)
        for table in tables.OPTIONAL:  # of another run that was here
            writer.path(table).unlink(missing_ok=True)
        run = _analysed(found, Path(out), facts, progress)
        for name in ("claims", "scores", "separation", "verdict", *tables.OPTIONAL):
            if (frame := getattr(run, name)) is not None:
                writer.write(name, frame)
        _report(run)
        writer.complete()
    return runs.load_run(out)


def _sources(source: Source | Sequence[Source]) -> list[Source]:
    """Return the sources; a list of rows is one of them."""
    if isinstance(source, str | Path | pd.DataFrame):
        return [source]
    listed: list[Any] = list(source)
    return [listed] if listed and all(isinstance(row, Mapping) for row in listed) else listed


def _check(sources: list[Source], out: str | Path | None, seed: int, replicates: int) -> None:
    if not sources:
        raise BadInput("analyse", "a table of scores or a run folder", "none")
    for option, value, least in (("--seed", seed, 0), ("--replicates", replicates, 2)):
        if value < least:
            raise BadInput(option, f"a number of at least {least}", value)
    named = [str(Path(each).resolve()) for each in sources if isinstance(each, str | Path)]
    for name in named:
        if named.count(name) > 1:
            raise BadInput("analyse", "each source once", f"{name} twice")
    for each in sources:
        if out is not None and _is_run(each) and Path(str(each)).resolve() == Path(out).resolve():
            raise BadInput(f"--out {out}", "another folder than those of the runs", "one of them")


def _is_run(source: Source) -> bool:
    return isinstance(source, str | Path) and Path(source).is_dir()


def _together(sources: list[Source], log_odds: bool) -> Gathered:
    """Return what all sources hold; scores from elsewhere may be of claim sets that runs have."""
    ran = [_of_run(runs.load_run(str(each))) for each in sources if _is_run(each)]
    elsewhere = [each for each in sources if not _is_run(each)]
    parts = [(str(each), part) for each, part in zip(filter(_is_run, sources), ran, strict=True)]
    if elsewhere:
        found = gathered(elsewhere, log_odds)
        for name, part in parts:
            found = _on_claims_of(found, name, part)
        parts.append(("scores from elsewhere", found))
    for table in tables.OPTIONAL:
        having = [name for name, part in parts if getattr(part, table) is not None]
        for name, part in parts:
            if having and getattr(part, table) is None:
                raise BadInput(name, f"a run with a table of {table}, as {having[0]}", "one without")
    models = joining.infos("model", [(name, part.models) for name, part in parts])
    frames = {
        table: joining.rows(table, [(name, getattr(part, table)) for name, part in parts])
        for table in ("claims", "scores", *tables.OPTIONAL)
    }
    claims, scores = frames.pop("claims"), frames.pop("scores")
    if claims is None or scores is None:
        raise BadInput("analyse", "claims and scores", "none")
    return Gathered(
        claims,
        scores,
        joining.infos("claim set", [(name, part.claim_sets) for name, part in parts]),
        models,
        [note for _, part in parts for note in part.notes],
        **frames,
    )


def _of_run(run: runs.Run) -> Gathered:
    return Gathered(run.claims, run.scores, run.claim_sets, run.models, [], run.cells, run.known)


def _on_claims_of(found: Gathered, name: str, ran: Gathered) -> Gathered:
    """Return scores from elsewhere with the claim sets that a run has, too, as they are there."""
    own_names = {info.name for info in found.claim_sets}
    shared = {info.name: info for info in ran.claim_sets if info.name in own_names}
    if not shared:
        return found
    theirs = ran.claims[ran.claims["claim_set"].isin(shared)]
    own = found.claims[found.claims["claim_set"].isin(shared)]
    beside = own.merge(theirs, on="claim_id", how="left", suffixes=("", "_of_run"))
    for row in beside[beside["group_of_run"].isna()].head(1).to_dict("records"):
        claim = repr(row["prefix"] + row["target"] or row["claim_id"])
        raise BadInput(f"scores from elsewhere, claim set {row['claim_set']}", f"claims that {name} has", claim)
    for row in beside[beside["is_fact"] != beside["is_fact_of_run"].astype(bool)].head(1).to_dict("records"):
        where = f"scores from elsewhere, claim {row['prefix'] + row['target']!r}"
        raise BadInput(where, f"is_fact {row['is_fact_of_run']} as in {name}", row["is_fact"])
    rest = found.claims[~found.claims["claim_set"].isin(shared)]
    infos = [shared.get(info.name, info) for info in found.claim_sets]
    return replace(found, claims=pd.concat([theirs, rest], ignore_index=True), claim_sets=infos)


def _analysed(found: Gathered, out: Path, facts: dict[str, Any], progress: bool | None) -> runs.Run:
    from bitsperfact import analysis  # scikit-learn and SciPy are slow to import

    options = facts["options"]
    with console.progress("analysing", "cell", shown=progress) as advance:
        separation, verdict = analysis.analyse(
            found.claims,
            found.scores,
            found.claim_sets,
            found.models,
            options["seed"],
            options["replicates"],
            advance,
            cells=found.cells,
            known=found.known,
            partial=True,
        )
    about = found.claim_sets, found.models, {"status": "complete"} | facts
    return runs.Run(out, separation, verdict, *about, found.claims, found.scores, found.cells, found.known)


def _report(run: runs.Run) -> None:
    from bitsperfact import report

    report.write_report(run, run.path / "report.html")


def _recorded(source: Source) -> dict[str, str]:
    if not isinstance(source, str | Path):
        return {"table": "in memory"}
    if _is_run(source):
        return {"run": str(source), "run_json_sha256": sha256_of_file(Path(source) / "run.json")}
    return {"file": str(source), "sha256": sha256_of_file(Path(source))}
