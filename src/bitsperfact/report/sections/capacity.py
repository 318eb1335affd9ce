"""Bits that a ladder's networks hold per parameter, over the load."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bitsperfact.report.cells import measured_cells
from bitsperfact.report.palette import LIGHT, series_marker
from bitsperfact.report.rendering import drawing_style, inline_svg
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun


def capacity_figure(table: pd.DataFrame) -> Figure:
    """Return a Figure of bits memorised per parameter over the load n / P, by training objective.

    `table`: of `measured_cells`.
    """
    architectures = sorted(table["architecture"].unique())
    with drawing_style():
        fig = Figure(figsize=(5.0, 3.3), layout="constrained")
        axes = fig.subplots()
        for (architecture, objective), part in table.groupby(["architecture", "objective"], sort=True):
            marker = series_marker(architectures.index(architecture))[0]
            colour = LIGHT["fact" if objective == "membership" else "nonfact"]
            label = f"{architecture}, {objective}"
            axes.plot(
                1 / part["parameters_per_fact"], part["c_bits"], marker, color=colour, markersize=4, label=label
            )
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("facts per parameter, n/P")
        axes.set_title("bits per parameter: effective, or entropy less NLL", loc="left")
        axes.legend(loc="lower right")
        fig.draw_without_rendering()
    return fig


def _contents(scored: ScoredRun) -> dict[str, Any]:
    if scored.run.cells is None:
        raise ValueError("a run without cells has no capacity")
    figure = capacity_figure(measured_cells(scored.run.cells, scored.run.separation))
    described = "Bits per parameter against facts per parameter; values in the table of cells"
    return {"figure": inline_svg(figure, "capacity", described)}


SECTION = Section(
    place=18,
    title="Capacity",
    suits=lambda run: run.cells is not None,
    contents=_contents,
    template="""
<p class="note">Bits per fact times facts per parameter: what a parameter of 32 bits holds. It levels off where the
facts fill the network. Networks that judge claims count effective bits, those that write facts the entropy of a
fact
less what they still miss of it.</p>
<figure><div class="grid wide">
{{ figure }}
</div></figure>
""",
)
