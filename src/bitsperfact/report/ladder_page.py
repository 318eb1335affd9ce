"""A ladder's report: figures and tables on one page, and a table for the terminal."""

import html
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.table import Table

from bitsperfact.files import write_text
from bitsperfact.report.rendering import inline_svg, save_figure
from bitsperfact.report.wording import STATUS_SIGNS, parameters, percent, printable, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS: dict[str, Callable[[Any], str]] = {
    "model": str,
    "parameters_per_fact": "{:.2f}".format,
    "measured_bits_per_fact": "{:.2f}".format,
    "measured_bits_effective": "{:.2f}".format,
    "measured_q_star": percent,
    "measured_x_star": "{:.3f}".format,
    "measured_miss_rate": percent,
    "measured_abstention_mass": percent,
    "c_effective": "{:.2f}".format,
    "gain": percent,
    "finished": str,
    "exposures": "{:.0f}".format,
    "seconds": "{:.0f}".format,
}


def write_ladder_report(
    folder: Path,
    title: str,
    figures: "dict[str, Figure]",
    table: pd.DataFrame,
    laws: pd.DataFrame,
    verdict: pd.DataFrame,
) -> None:
    """Write `report.html` and each figure as `NAME.png` into a run folder, each file atomically.

    `figures`: by name, in order. `table`: of `report.ladder.quantities`. `laws`: of `analysis.ladder.law_table`.
    """
    parts = [f"<h1>{html.escape(title)}</h1>", "<h2>Did the predictions hold?</h2>", _verdicts(verdict)]
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")
        parts.append(f"<h2>{html.escape(words(name))}</h2>{inline_svg(figure, name, words(name))}")
    if len(laws):
        parts.append(f"<h2>Capacity</h2>{laws.round(3).to_html(index=False, border=0)}")
    parts.append(f"<h2>Cells</h2>{_cells(table).to_html(index=False, border=0)}")
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    page = "\n".join(parts)
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{style}</style>'
    write_text(
        folder / "report.html", f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{page}</body></html>\n'
    )


def _verdicts(verdict: pd.DataFrame) -> str:
    rows = verdict[verdict["claim_set"] == "*"].sort_values("kind", ascending=False, kind="stable")
    shown = pd.DataFrame(
        {
            "status": [f"{STATUS_SIGNS[status]} {status}" for status in rows["status"]],
            "kind": rows["kind"].to_numpy(),
            "prediction": [words(name) for name in rows["prediction"]],
            "networks": rows["model"].to_numpy(),
            "reason": rows["reason"].to_numpy(),
        }
    )
    with pd.option_context("display.max_colwidth", None):
        return str(shown.to_html(index=False, border=0))


def _cells(table: pd.DataFrame) -> pd.DataFrame:
    known = table.assign(c_effective=table["bits"] / table["parameters_per_fact"])
    shown = {
        name.removeprefix("measured_"): ["–" if pd.isna(value) else write(value) for value in known[name]]
        for name, write in _COLUMNS.items()
        if name in known
    }
    return pd.DataFrame(shown)


def cells_table(table: pd.DataFrame) -> Table:
    """One line per size, n and fact weight, the mean of its seeds, for the terminal."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("network", "n", "a", "P/n", "KL", "b_eff", "q", "x*", "missed", "c", "gain"):
        drawn.add_column(name, justify="left" if name == "network" else "right")
    keys = ["architecture", "objective", "parameters", "n_facts", "fact_weight"]
    for (architecture, objective, size, n, weight), part in table.groupby(keys, sort=True):
        means = part.mean(numeric_only=True)
        generates = objective == "next-symbol"
        drawn.add_row(
            printable(f"{architecture} {parameters(int(str(size)))}{' next-symbol' if generates else ''}"),
            str(n),
            "" if generates else f"{weight:g}",
            f"{means['parameters_per_fact']:.2f}",
            f"{means['measured_bits_per_fact']:.2f}",
            f"{means['bits']:.2f}",
            percent(means["measured_q_star"]),
            "" if generates else f"{means['measured_x_star']:.3f}",
            percent(means["measured_miss_rate"]),
            f"{means['bits'] / means['parameters_per_fact']:.2f}",
            percent(means["gain"]),
        )
    return drawn
