"""Write the tables of finished ladders as markdown, and their pictures beside them.

Cells averaged over seeds, the laws, the verdicts on each architecture, and, of networks trained on the next
symbol, what they memorised beside what networks of the same size can judge. Ladders of one architecture may
lie in several run folders: laws and verdicts are then those of all their cells.

    python scripts/ladder_tables.py runs/ladder-mlp runs/ladder-transformer --out docs
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from bitsperfact import console, runs, tables
from bitsperfact.errors import BadInput
from bitsperfact.files import write_text

app = typer.Typer(**console.app_settings)


_KEY = ["model", "claim_set", "score", "stratum", "quantity"]


@dataclass(frozen=True)
class Ladder:
    """The tables of one finished ladder, or of several together."""

    folders: tuple[Path, ...]
    cells: pd.DataFrame
    separation: pd.DataFrame
    claim_sets: list[tables.ClaimSetInfo]
    models: list[tables.ModelInfo]


@app.command(help=__doc__)
def ladder_tables(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN_DIR...", help="Finished runs of probes/strings.py.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for ladder-results.md and the pictures.")] = Path("docs"),
) -> int:
    """Read, draw, write."""
    found = [read(folder) for folder in folders]
    cells = pd.concat([ladder.cells for ladder in found], ignore_index=True)
    if (doubled := cells.loc[cells["model"].duplicated(), "model"]).any():
        raise BadInput("RUN_DIR", "each cell once", f"{doubled.iloc[0]} twice")
    made = "\n".join(f"    {command_of(folder)}" for folder in folders)
    parts = ["# The ladder in numbers", "Written by `scripts/ladder_tables.py` from what these left:", made]
    for architecture in sorted(cells["architecture"].unique()):
        parts += section(architecture, together(architecture, found), out)
    write_text(out / "ladder-results.md", "\n\n".join(parts) + "\n")
    print(out / "ladder-results.md")
    return 0


def read(folder: Path) -> Ladder:
    """A run folder's tables; one line where it is no finished ladder."""
    status = runs.read_manifest(folder).get("status")
    if status != "complete" or not (folder / "cells.parquet").is_file():
        raise BadInput(
            folder, "a finished run of probes/strings.py", f"one of another probe, or status {status!r}"
        )
    run = runs.load_run(folder)
    return Ladder((folder,), pd.read_parquet(folder / "cells.parquet"), run.separation, run.claim_sets, run.models)


def command_of(folder: Path) -> str:
    """The command that made a run folder."""
    return shlex.join(["python", "probes/strings.py", *runs.read_manifest(folder)["command"][1:]])


def together(architecture: str, found: list[Ladder]) -> Ladder:
    """All cells of an architecture as one ladder."""
    own = [ladder for ladder in found if (ladder.cells["architecture"] == architecture).any()]
    cells = pd.concat([ladder.cells for ladder in own], ignore_index=True)
    separation = pd.concat([ladder.separation for ladder in own], ignore_index=True)
    cells = cells[cells["architecture"] == architecture].reset_index(drop=True)
    sets = {info.name: info for ladder in own for info in ladder.claim_sets}
    models = {info.name: info for ladder in own for info in ladder.models}
    folders = tuple(folder for ladder in own for folder in ladder.folders)
    return Ladder(folders, cells, separation.drop_duplicates(_KEY), list(sets.values()), list(models.values()))


def section(architecture: str, ladder: Ladder, out: Path) -> list[str]:
    """Everything on one architecture, as paragraphs; its pictures are left in `out`."""
    from bitsperfact.analysis import judge, law_table, memorised
    from bitsperfact.report import markdown as write
    from bitsperfact.report.cells import measured_cells

    seed = int(ladder.separation["seed"].iloc[0])
    own = ladder.separation.merge(ladder.cells[["model", "claim_set"]])
    table = measured_cells(ladder.cells, ladder.separation)
    laws = law_table(ladder.cells, ladder.separation, seed)
    verdict = judge(ladder.separation, ladder.claim_sets, ladder.models, cells=ladder.cells)
    parts = []
    for objective, part in table.groupby("objective", sort=True):
        cells = "1 cell" if len(part) == 1 else f"{len(part)} cells"
        parts.append(f"## {architecture}, {objective}: {cells}, {int(part['finished'].sum())} at the plateau")
        parts.append(write.cells_markdown(part))
        if objective == "membership" and len(laws):
            parts.append(write.laws_markdown(laws))
        if objective == "next-symbol":
            parts.append(write.memorised_markdown(memorised(ladder.cells)))
        scores = set(own.loc[own["model"].isin(part["model"]), "score"])
        said = verdict[(verdict["claim_set"] == tables.ALL_SETS) & (verdict["model"] == architecture)]
        said = said[said["score"].isin(scores)]
        parts.append(write.verdicts_markdown(said))
    return parts + pictures(architecture, ladder, table, laws, out)


def pictures(architecture: str, ladder: Ladder, table: pd.DataFrame, laws: pd.DataFrame, out: Path) -> list[str]:
    """Draw what all cells show together, and each run's distributions; the paragraphs that show them."""
    from bitsperfact.report import distributions_figure, save_figure
    from bitsperfact.report.sections.capacity import capacity_figure
    from bitsperfact.report.sections.law import law_figure

    parts = []
    if (table["objective"] == "membership").any():
        save_figure(law_figure(table, laws), out / (name := f"ladder-{architecture}-law.png"))
        parts.append(f"![q against bits, the collapse on P/n, the frontier]({name})")
    for i, folder in enumerate(ladder.folders):
        name = f"ladder-{architecture}-distributions{f'-{i + 1}' if i else ''}.png"
        save_figure(distributions_figure(runs.load_run(folder)), out / name)
        parts.append(f"![score distributions]({name})")
    if (table["objective"] == "next-symbol").any():
        save_figure(capacity_figure(table), out / (name := f"ladder-{architecture}-capacity.png"))
        parts.append(f"![bits per parameter over the load, by objective]({name})")
    return parts


if __name__ == "__main__":
    console.main(app)
