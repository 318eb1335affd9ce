"""Pictures of a ladder: the two distributions, bits and hallucination, the collapse on P / n, and the frontier."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from bitsperfact.report.palette import LIGHT, series_marker, series_name
from bitsperfact.report.rendering import drawing_style
from bitsperfact.report.wording import parameters, percent
from bitsperfact.tables import POOLED
from bitsperfact.theory import lowest_fpr

_MOST_PANELS = 12
_BINS = 60
#: Nats up to which the axis of scores is about linear.
_LINEAR = 5.0
_ARCHITECTURES = ("mlp", "transformer")


def quantities(cells: pd.DataFrame, separation: pd.DataFrame) -> pd.DataFrame:
    """The table of cells, with columns `measured_QUANTITY` of each pooled quantity, `_lower` and `_upper`."""
    pooled = separation[separation["stratum"] == POOLED]
    wide = cells.set_index("model")
    for quantity, part in pooled.groupby("quantity"):
        own = part.set_index("model")
        for column, suffix in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
            wide[f"measured_{quantity}{suffix}"] = own[column].reindex(wide.index)
    return wide.reset_index()


def ladder_figures(
    cells: pd.DataFrame, separation: pd.DataFrame, laws: pd.DataFrame, scores: dict[str, pd.DataFrame]
) -> dict[str, Figure]:
    """All pictures by name; `scores` are those of the cells whose distributions are drawn."""
    table = quantities(cells, separation)
    figures = {"law": law_figure(table, laws)} if (cells["objective"] == "membership").any() else {}
    return figures | {"distributions": distributions_figure(cells, scores), "capacity": capacity_figure(table)}


def distributions_figure(cells: pd.DataFrame, scores: dict[str, pd.DataFrame]) -> Figure:
    """Scores of facts and of fresh non-facts, a panel per cell: sizes as rows, P / n falling to the right.

    `scores`: by cell, columns stratum and score; cells without an entry are left out. At most twelve panels.
    """
    chosen = cells[cells["model"].isin(scores)]
    chosen = chosen.sort_values(["parameters", "n_facts"]).head(_MOST_PANELS)
    columns = max(1, min(4, int(chosen.groupby("parameters").size().max())))
    rows = -(-len(chosen) // columns)
    with drawing_style():
        fig = Figure(figsize=(2.5 * columns, 1.6 * rows + 0.4), layout="constrained")
        grid = fig.subplots(rows, columns, squeeze=False, sharey=True)
        for axes, row in zip(grid.flat, chosen.itertuples(), strict=False):
            _two_distributions(axes, scores[str(row.model)])
            size = parameters(int(str(row.parameters)))
            title = f"P = {size}, n = {row.n_facts}: P/n = {row.parameters_per_fact:.1f}"
            axes.set_title(title, loc="left", fontsize=7)
        for axes in list(grid.flat)[len(chosen) :]:
            axes.set_visible(False)
        fig.supxlabel(
            "score (nats, asinh axis); blue: facts, vermilion: non-facts; shares of each, square-root axis",
            fontsize=7,
        )
        fig.draw_without_rendering()
    return fig


def _two_distributions(axes: Axes, scores: pd.DataFrame) -> None:
    parts = {name: scores.loc[scores["stratum"] == name, "score"].to_numpy() for name in ("fact", "fresh")}
    # Non-facts reach a hundred times as far as facts: equal steps of asinh show both.
    parts = {name: np.arcsinh(part / _LINEAR) for name, part in parts.items()}
    ends = [np.quantile(part, [0.002, 0.998]) for part in parts.values()]
    edges = np.linspace(min(e[0] for e in ends) - 0.1, max(e[1] for e in ends) + 0.1, _BINS + 1)
    for name, colour in (("fresh", "nonfact"), ("fact", "fact")):
        share = np.histogram(np.clip(parts[name], edges[0], edges[-1]), edges)[0] / parts[name].size
        axes.stairs(np.sqrt(share), edges, fill=True, alpha=0.25, color=LIGHT[colour], linewidth=0)
        axes.stairs(np.sqrt(share), edges, color=LIGHT[colour], linewidth=1.0)
    ticks = np.array([0.0, 0.01, 0.05, 0.2, 0.5])
    axes.set_yticks(np.sqrt(ticks), [f"{100 * tick:g} %" for tick in ticks])
    wide = edges[0] < np.arcsinh(-100 / _LINEAR)
    marks = np.array([-1000, -100, -10, 0, 10] if wide else [-80, -40, -20, -10, -5, 0, 5, 10])
    places = np.arcsinh(marks / _LINEAR)
    inside = (places >= edges[0]) & (places <= edges[-1])
    axes.set_xticks(places[inside], [f"{mark}" for mark in marks[inside]])


def law_figure(table: pd.DataFrame, laws: pd.DataFrame) -> Figure:
    """Hallucination against bits, the collapse of all cells on P / n, and the frontier, side by side.

    `table`: of `quantities`, membership cells only. `laws`: columns architecture, measure,
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
    for (architecture, size), part in table.groupby(["architecture", "parameters"], sort=True):
        sizes = sorted(table.loc[table["architecture"] == architecture, "parameters"].unique())
        marker = series_marker(_ARCHITECTURES.index(str(architecture)))[0]
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


def _log2_inverse(values: pd.Series) -> NDArray[np.float64]:
    share = values.to_numpy(dtype=np.float64)
    return np.asarray(-np.log2(np.where(share > 0, share, np.nan)))


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
            y = _log2_inverse(own["measured_q_star"])
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
        missed = part["measured_miss_rate"].clip(lower=least)
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
    """A logarithmic axis of shares, written as percentages: the house style parses no powers."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))


def capacity_figure(table: pd.DataFrame) -> Figure:
    """Bits memorised per parameter over the load n / P, by training objective."""
    with drawing_style():
        fig = Figure(figsize=(5.0, 3.3), layout="constrained")
        axes = fig.subplots()
        for (architecture, objective), part in table.groupby(["architecture", "objective"], sort=True):
            marker = series_marker(_ARCHITECTURES.index(str(architecture)))[0]
            colour = LIGHT["fact" if objective == "membership" else "nonfact"]
            per_parameter = part["bits"] / part["parameters_per_fact"]
            label = f"{architecture}, {objective}"
            axes.plot(
                1 / part["parameters_per_fact"], per_parameter, marker, color=colour, markersize=4, label=label
            )
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("facts per parameter, n/P")
        axes.set_title("bits per parameter: effective, or entropy less NLL", loc="left")
        axes.legend(loc="lower right")
        fig.draw_without_rendering()
    return fig
