"""The capacity law of a ladder: hallucination against bits, the collapse on P / n, the frontier, and c."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from bitsperfact.report.cells import log2_inverse, measured_cells
from bitsperfact.report.markdown import law_rows
from bitsperfact.report.palette import LIGHT, series_marker, series_name
from bitsperfact.report.rendering import drawing_style, inline_svg
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun
from bitsperfact.report.wording import parameters, percent
from bitsperfact.runs import Run
from bitsperfact.theory import lowest_fpr


def law_figure(table: pd.DataFrame, laws: pd.DataFrame) -> Figure:
    """Return the hallucination against bits, the collapse of all cells on P / n, and the frontier, side by side.

    `table`: of `measured_cells`. `laws`: columns architecture, measure,
    unfinished, bits_per_parameter.
    """
    even = table[(table["objective"] == "membership") & (table["fact_weight"] == 0.5)]
    with drawing_style():
        fig = Figure(figsize=(10.5, 3.5), layout="constrained")
        left, middle, right = fig.subplots(1, 3)
        _against_bits(left, even)
        _against_load(middle, even, laws)
        _frontier(right, even)
        fig.legend(handles=_legend(even), loc="outside lower center", ncols=6)
        fig.draw_without_rendering()
    return fig


def _series(table: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, str, str]]:
    """Cells of each architecture and size, with colour and marker."""
    architectures = sorted(table["architecture"].unique())
    for (architecture, size), part in table.groupby(["architecture", "parameters"], sort=True):
        sizes = sorted(table.loc[table["architecture"] == architecture, "parameters"].unique())
        marker = series_marker(architectures.index(architecture))[0]
        yield part, LIGHT[series_name(sizes.index(size))], marker


def _legend(table: pd.DataFrame) -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker=marker,
            color=colour,
            label=f"{part['architecture'].iloc[0]} {parameters(part['parameters'].iloc[0])}",
        )
        for part, colour, marker in _series(table)
    ]


def _against_bits(axes: Axes, table: pd.DataFrame) -> None:
    for part, colour, marker in _series(table):
        q = part["measured_q_star"]
        axes.plot(part["measured_bits_per_fact"], q, marker, color=colour, markersize=4, alpha=0.8)
    bits = np.linspace(0, float(np.nanmax(table["measured_bits_per_fact"])) * 1.05, 50)
    axes.plot(bits, np.exp2(-bits), color=LIGHT["ink"], linewidth=0.9)
    _share_axis(axes, "y")
    axes.set_xlabel("bits per fact (KL)")
    axes.set_title("non-facts hallucinated, q; line: 2^-bits", loc="left")


def _against_load(axes: Axes, table: pd.DataFrame, laws: pd.DataFrame) -> None:
    for part, colour, marker in _series(table):
        finished = part["finished"].to_numpy(dtype=bool)
        for shown, filled in ((finished, True), (~finished, False)):
            own = part[shown]
            face = colour if filled else "none"
            y = log2_inverse(own["measured_q_star"])
            axes.plot(own["parameters_per_fact"], y, marker, color=colour, markerfacecolor=face, markersize=4)
    load = np.array([0.0, float(table["parameters_per_fact"].max()) * 1.05])
    by_q = laws[laws["measure"] == "q_star"] if len(laws) else laws
    # Of finished cells, or else of all.
    for law in by_q.sort_values("unfinished").drop_duplicates("architecture").itertuples() if len(by_q) else ():
        axes.plot(load, law.bits_per_parameter * load, color=LIGHT["ink"], linewidth=0.9)
        text = f"{law.architecture}: c = {law.bits_per_parameter:.2f}"
        end = (load[1], law.bits_per_parameter * load[1])
        axes.annotate(text, end, ha="right", va="bottom", fontsize=7, color=LIGHT["ink"])
    axes.set_xlim(0, load[1])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("parameters per fact, P/n (hollow: not at its plateau)")
    axes.set_title("log2(1/q); lines: c P/n", loc="left")


def _frontier(axes: Axes, table: pd.DataFrame) -> None:
    least = 1e-4
    for part, colour, marker in _series(table):
        missed = part["measured_channel_miss_rate"].clip(lower=least)
        axes.plot(missed, part["measured_q_star"], marker, color=colour, markersize=4, alpha=0.8)
    fnr = np.geomspace(least, 0.5, 60)
    for bits in range(2, 15, 2):
        fpr = lowest_fpr(float(bits), fnr)
        axes.plot(fnr, fpr, color=LIGHT["muted"], linewidth=0.7)
        axes.annotate(f"{bits} bits", (fnr[0], fpr[0]), fontsize=6.5, color=LIGHT["muted"], va="bottom")
    _share_axis(axes, "x")
    _share_axis(axes, "y")
    axes.set_ylim(bottom=float(2.0**-15))
    axes.set_xlabel("facts missed (0 shown as 0.01 %)")
    axes.set_title("non-facts accepted; lines: least at these bits", loc="left")


def _share_axis(axes: Axes, which: str) -> None:
    """Make the axis of shares logarithmic, written as percentages: the house style parses no powers."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))


def laws_of(run: Run) -> pd.DataFrame:
    """Return the laws of a ladder, as analysis fits them to its tables."""
    from bitsperfact.analysis import law_table

    if run.cells is None:
        raise ValueError("a run without cells has no law")
    return law_table(run.cells, run.separation, int(run.separation["seed"].iloc[0]))


def judged_evenly(run: Run) -> bool:
    """Return whether a ladder has networks that were trained to judge, at equal weights of facts and non-facts."""
    if run.cells is None:
        return False
    return bool(((run.cells["objective"] == "membership") & (run.cells["fact_weight"] == 0.5)).any())


def _contents(scored: ScoredRun) -> dict[str, Any]:
    run = scored.run
    if run.cells is None:
        raise ValueError("a run without cells has no law")
    laws = laws_of(run)
    figure = law_figure(measured_cells(run.cells, run.separation), laws)
    caption = (
        "Share of non-facts hallucinated against bits per fact and against parameters per fact, and against misses"
    )
    of_each = laws.groupby("architecture", sort=True) if len(laws) else ()
    return {
        "figure": inline_svg(figure, "law", f"{caption}; values in the table of cells"),
        "tables": [(str(architecture), *law_rows(own)) for architecture, own in of_each],
    }


SECTION = Section(
    place=17,
    title="The capacity law",
    suits=judged_evenly,
    contents=_contents,
    template="""
<p class="note">The theory says log2(1/q) = c P/n: of networks that spend c bits per parameter on n facts, no
better
share q of hallucinated non-facts can be had. All have 32 bits per weight, so that parameters stand for memory.
Cells
of equal weights of facts and non-facts; colours are sizes, markers architectures. First chart: the line is
q = 2<sup>−bits</sup>. Second: hollow cells had not reached their plateau; lines are c P/n. Third: each line is the
least rate at so many bits.</p>
<figure>
<div class="broad" tabindex="0" role="region" aria-label="The capacity law">
{{ figure }}
</div>
</figure>
{% for architecture, heads, rows in tables %}
<h3>{{ architecture | printable }}</h3>
{{ plain_table("The law of " ~ architecture | printable, heads, rows) }}
{% endfor %}
""",
)
