"""What a published table of ladders says of the capacity law: whole loads and sizes held out, and the trend of c.

Reads the tables of cells that scripts/ladder_tables.py wrote, where run folders are not at hand. They hold means
over seeds and do not say which cells had reached their plateau, so that all of them take part as if they had.

    python scripts/published_law.py docs/ladder-results.md --out docs/ladder-law.md
"""

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from bitsperfact import console, tables
from bitsperfact.errors import BadInput
from bitsperfact.files import write_text

app = typer.Typer(**console.app_settings)

_MEASURED = {"q": ("q_star", "1"), "KL": ("bits_per_fact", "bits"), "b_eff": ("own_bits", "bits")}


@app.command(help=__doc__)
def published_law(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A page of scripts/ladder_tables.py.")],
    out: Annotated[Path | None, typer.Option(help="Markdown file; printed where left out.")] = None,
) -> int:
    """Read, fit, judge, write."""
    from bitsperfact.analysis import law_table
    from bitsperfact.analysis.evidence import Evidence
    from bitsperfact.analysis.predictions import ROOM
    from bitsperfact.report import markdown as write

    cells, separation = read(source)
    parts = [f"# The law in {source.name}", __doc__.split("\n\n")[1], f"    {__doc__.split('    ')[1].strip()}"]
    evidence = Evidence(separation, {}, {}, cells)
    laws_of = (ROOM.find(name) for name in ("capacity_law", "one_constant", "zero_intercept"))
    told = [verdict for prediction in laws_of for verdict in prediction.judge(evidence)]
    for architecture, laws in law_table(cells, separation).groupby("architecture", sort=True):
        own = pd.DataFrame([vars(verdict) for verdict in told if verdict.model == architecture])
        parts += [f"## {architecture}", write.laws_markdown(laws), write.verdicts_markdown(own)]
    text = "\n\n".join(parts) + "\n"
    if out is not None:
        write_text(out, text)
    else:
        print(text)
    return 0


def read(source: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of cells, one per (P, n), and the separation table of the networks that were trained to judge."""
    sections = re.findall(r"^## (\w+), membership.*?\n\n(\|.*?)\n\n", source.read_text(), re.MULTILINE | re.DOTALL)
    if not sections:
        raise BadInput(source, "a page of scripts/ladder_tables.py", "no table of membership cells")
    found = []
    for architecture, table in sections:
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
        found += [dict(zip(head, row, strict=True)) | {"architecture": architecture} for row in rows]
    frame = pd.DataFrame(found)
    frame = frame[frame["a"].astype(float) == 0.5]
    size, n = (frame[name].str.replace(",", "").astype(int) for name in ("P", "n"))
    names = frame["architecture"] + "-" + size.astype(str) + "-n" + n.astype(str)
    cells = pd.DataFrame({"model": names, "architecture": frame["architecture"], "parameters": size, "n_facts": n})
    given = {"objective": "membership", "fact_weight": 0.5, "seed": 0, "finished": True, "claim_set": names}
    cells = cells.assign(parameters_per_fact=size / n, **given).reset_index(drop=True)
    separation = [
        pd.DataFrame(
            dict.fromkeys(tables.COLUMNS["separation"], 0)
            | {
                "model": names,
                "claim_set": names,
                "score": "log_odds",
                "stratum": tables.POOLED,
                "quantity": quantity,
                "value": frame[column].astype(float),
            }
            | {"unit": unit, "lower": np.nan, "upper": np.nan, "resolution_limited": False}
        )
        for column, (quantity, unit) in _MEASURED.items()
    ]
    return cells, pd.concat(separation, ignore_index=True)


if __name__ == "__main__":
    console.main(app)
