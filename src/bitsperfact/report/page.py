"""`report.html`: one file that holds a whole run, needs no network and runs no script."""

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bitsperfact import __version__
from bitsperfact.files import write_text
from bitsperfact.report import wording
from bitsperfact.report.examples import examples
from bitsperfact.report.headline import COLUMNS, SHAPE_COLUMNS, headline_rows, written_record
from bitsperfact.report.palette import COLOURS, series_marker, series_name
from bitsperfact.report.panels import distribution_figures, level_figures
from bitsperfact.report.selection import ScoredRun, scored_run
from bitsperfact.report.verdicts import MOST_UNFOLDED, verdict_parts
from bitsperfact.runs import Run
from bitsperfact.tables import NONFACT_STRATA, PATTERN_MODEL


def write_report(run: Run, path: Path) -> None:
    """Write a run's report as one HTML file, atomically; the same run gives the same bytes.

    Nothing is loaded from elsewhere: figures are inline SVG, and the page's own policy forbids any request.
    Raises OSError where the file cannot be written.
    """
    write_text(path, render(run))


def render(run: Run) -> str:
    """The page as text."""
    # Autoescape: names, claims and reasons come from model hubs and data files.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        printable=wording.printable,
        count=wording.count,
        parameters=wording.parameters,
        significant=wording.significant,
    )
    return environment.get_template("report.html.j2").render(_contents(run)) + "\n"


def _contents(run: Run) -> dict[str, Any]:
    scored = scored_run(run)
    rows = headline_rows(run.separation, scored.claim_sets)
    return {
        "version": __version__,
        "colours": COLOURS,
        "signs": wording.STATUS_SIGNS,
        "missing": wording.MISSING,
        "text_alone": wording.TEXT_ALONE,
        "scored": scored,
        "n_facts": sum(each.facts for each in scored.counts.values()),
        "n_nonfacts": sum(each.nonfacts for each in scored.counts.values()),
        "sampled": {name: n for name, n in scored.counts.items() if n.drawn < n.facts + n.nonfacts},
        "verdict_parts": verdict_parts(run.verdict),
        "most_unfolded": MOST_UNFOLDED,
        "columns": COLUMNS,
        "shape_columns": SHAPE_COLUMNS,
        "headline": [(name, list(rows)) for name, rows in groupby(rows, key=lambda row: row.claim_set)],
        "strata": _strata_table(run.separation, scored),
        "distributions": distribution_figures(scored),
        "levels": level_figures(scored),
        "series": [(name, series_name(i), series_marker(i)[1]) for i, name in enumerate(scored.claim_sets)],
        "claim_sets": run.claim_sets,
        "examples": {name: examples(scored, name) for name in scored.claim_sets},
        "models": sorted(run.models, key=lambda info: (info.n_params, info.name)),
        "estimators": _estimators(run.separation),
        "provenance": _provenance(run.manifest),
    }


def _strata_table(separation: pd.DataFrame, scored: ScoredRun) -> dict[str, Any]:
    """Bits per fact by stratum of non-facts: `names` of strata and `rows` of (claim set, score, model, texts)."""
    bits = separation[(separation["quantity"] == "bits_per_fact") & (separation["model"] != PATTERN_MODEL)]
    names = [name for name in NONFACT_STRATA if (bits["stratum"] == name).any()]
    written = {
        (r.claim_set, r.score, r.model, r.stratum): written_record(r, wording.number) for r in bits.itertuples()
    }
    cells = [(s, by, m) for s in scored.claim_sets for by in scored.scores for m in scored.models]
    rows = [(*cell, [written.get((*cell, name)) for name in names]) for cell in cells]
    return {"names": names, "rows": [row for row in rows if any(row[3])]}


def _estimators(separation: pd.DataFrame) -> list[tuple[str, str]]:
    """(quantity in words, how it and its interval were computed), each pair once."""
    pairs = separation[["quantity", "estimator"]].drop_duplicates().sort_values(["quantity", "estimator"])
    return [(wording.words(quantity), str(estimator)) for quantity, estimator in pairs.to_numpy()]


def _provenance(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`run.json` as lines, without the lists of models and claim sets that stand in tables of their own."""
    return [
        line
        for key, value in manifest.items()
        if key not in ("models", "claim_sets")
        for line in _lines(wording.words(key), value)
    ]


def _lines(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [
            line for key, inner in value.items() for line in _lines(f"{name}: {wording.printable(key)}", inner)
        ]
    if value is None or value == "" or value == []:
        return [(name, wording.MISSING)]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return [(name, " ".join(value))]
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))]
