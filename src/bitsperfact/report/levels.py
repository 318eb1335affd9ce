"""Bits per fact against parameters, and hallucination against bits per fact."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from bitsperfact.constants import RECALL
from bitsperfact.report.palette import LIGHT, series_marker, series_name
from bitsperfact.report.selection import finite, pooled
from bitsperfact.report.wording import parameters
from bitsperfact.tables import PATTERN_MODEL
from bitsperfact.theory import lowest_fpr


def draw_bits_against_memory(axes: Axes, separation: pd.DataFrame, claim_sets: Sequence[str], score: str) -> None:
    """Draw a line per claim set over models of known memory; the text-only baseline is a dashed level.

    The axis is in parameters where these are alike, else in bits (`memory_axis`). Hollow markers are lower bounds,
    where the sample is too small to resolve the bits.
    """
    bits = pooled(separation, "bits_per_fact")
    size, label = memory_axis(separation)
    drawn = 0
    for position, claim_set in enumerate(claim_sets):
        of_set = bits[bits["claim_set"] == claim_set]
        measured = of_set[(of_set["score"] == score) & (of_set["model"] != PATTERN_MODEL) & (of_set[size] > 0)]
        measured = measured.dropna(subset=["value"]).sort_values([size, "model"])
        colour = LIGHT[series_name(position)]
        axes.plot(measured[size], measured["value"], color=colour, linewidth=1.1, alpha=0.75)
        _points(axes, measured, size, position)
        drawn += len(measured)
        for level in of_set.loc[of_set["model"] == PATTERN_MODEL, "value"].dropna():
            axes.axhline(level, color=colour, linewidth=0.9, linestyle=(0, (4, 3)))
    if not drawn:
        axes.text(0.5, 0.5, "no model of known size", transform=axes.transAxes, ha="center", color=LIGHT["muted"])
    _size_axis(axes, label)
    axes.set_ylabel("bits per fact")
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), None)


def memory_axis(separation: pd.DataFrame) -> tuple[str, str]:
    """Return the column that bits are drawn against, and what it is called.

    Parameters, where all models are networks whose weights have as many bits each, or memory is not known; else
    memory, in which quantised networks, testers and stores of texts can be compared.
    """
    rows = separation[(separation["model"] != PATTERN_MODEL) & (separation["n_params"] > 0)]
    known = rows["memory_bits"].notna()
    each = (rows["memory_bits"] / rows["n_params"]).round(6)
    if known.all() and len(each.unique()) > 1:
        return "memory_bits", "memory, bits"
    return "n_params", "parameters"


def _points(axes: Axes, rows: pd.DataFrame, x: str, position: int) -> None:
    colour, marker = LIGHT[series_name(position)], series_marker(position)[0]
    for row in rows.to_dict("records"):
        face = LIGHT["paper"] if row["resolution_limited"] else colour
        _bar(axes, "y", row[x], (row["lower"], row["value"], row["upper"]), colour)
        axes.plot(
            [row[x]], [row["value"]], marker=marker, markersize=5.2, color=colour, markerfacecolor=face, zorder=3
        )


def _bar(axes: Axes, along: str, at: float, ends: tuple[float, float, float], colour: str) -> None:
    """Draw an interval's bar, `ends` being lower end, value and upper end; an arrow where there is no upper end.

    Nothing is drawn where an end is not known, since half a bar would look like a whole one.
    """
    lower, value, upper = ends
    if not math.isfinite(lower) or math.isnan(upper):
        return
    upwards = along == "y"
    draw = axes.vlines if upwards else axes.hlines
    draw(at, lower, value if math.isinf(upper) else upper, color=colour, linewidth=1.1)
    if math.isinf(upper):
        axes.annotate(
            "",
            xy=(at, value) if upwards else (value, at),
            xytext=(0, 16) if upwards else (16, 0),
            textcoords="offset points",
            arrowprops={"arrowstyle": "<-", "color": colour, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0},
        )


def _size_axis(axes: Axes, label: str) -> None:
    axes.set_xscale("log")
    low, high = axes.dataLim.intervalx
    if not (math.isfinite(low) and math.isfinite(high) and low > 0):
        low, high = 1e8, 1e8
    # A single model has no range of its own: give it a decade to stand in.
    pad = 1.35 if high > low else math.sqrt(10)
    axes.set_xlim(low / pad, high * pad)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0) if high < 300 * low else (1.0,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: parameters(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"{label} (log scale)")


def draw_hallucination_against_bits(
    axes: Axes, separation: pd.DataFrame, claim_sets: Sequence[str], score: str
) -> int:
    """All cells of one score, with the theory's two lines: 2^-bits (all facts kept) and the floor at 95 % recall.

    Returns the number of cells whose rate is zero: they stand on the lower edge of the logarithmic axis.
    """
    cells = _cells(separation, score)
    floor = _lower_edge(cells)
    _theory_lines(axes, cells)
    axes.set_yscale("log")
    axes.set_ylim(floor, 1.6)
    for position, claim_set in enumerate(claim_sets):
        of_set = cells[cells["claim_set"] == claim_set]
        colour, marker = LIGHT[series_name(position)], series_marker(position)[0]
        for row in of_set.to_dict("records"):
            rate = max(row["rate"], floor)
            _bar(axes, "x", rate, (row["lower"], row["value"], row["upper"]), colour)
            _bar(axes, "y", row["value"], (max(row["rate_lower"], floor), rate, row["rate_upper"]), colour)
            face = LIGHT["paper"] if row["resolution_limited"] else colour
            axes.plot(
                [row["value"]],
                [rate],
                marker=marker,
                markersize=5.2,
                color=colour,
                markerfacecolor=face,
                clip_on=False,
                zorder=3,
            )
    subs = (1.0,) if floor < 0.01 else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=subs))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{100 * rate:.6g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("bits per fact")
    axes.set_ylabel("hallucination rate at 95 % recall")
    return int((cells["rate"] <= 0).sum())


def _cells(separation: pd.DataFrame, score: str) -> pd.DataFrame:
    """Bits beside hallucination rates: `value, lower, upper` in bits and `rate, rate_lower, rate_upper` (1)."""
    keys = ["model", "claim_set", "score"]
    bits = pooled(separation, "bits_per_fact")
    rates = pooled(separation, "hallucination_rate")[[*keys, "value", "lower", "upper"]]
    rates = rates.rename(columns={"value": "rate", "lower": "rate_lower", "upper": "rate_upper"})
    cells = bits.merge(rates, on=keys).dropna(subset=["value", "rate"])
    cells = cells[(cells["score"] == score) & (cells["model"] != PATTERN_MODEL)]
    return cells.sort_values(["claim_set", "n_params", "model"])


def _lower_edge(cells: pd.DataFrame) -> float:
    """Return a power of ten below every positive rate and interval end (1)."""
    positive = cells[["rate", "rate_lower"]].to_numpy(dtype=float).ravel()
    positive = positive[positive > 0]
    smallest = min(float(positive.min()) if len(positive) else 0.01, 0.1)
    return max(10.0 ** math.floor(math.log10(smallest)), 1e-6)


def _theory_lines(axes: Axes, cells: pd.DataFrame) -> None:
    most = max([4.0, *finite(cells["value"]), *finite(cells["upper"])]) * 1.05
    bits = np.linspace(0.0, most * 1.05, 200)
    axes.plot(bits, np.exp2(-bits), color=LIGHT["muted"], linewidth=1.0, linestyle=(0, (5, 2)))
    floor = lowest_fpr(bits, 1 - RECALL)
    axes.plot(bits, floor, color=LIGHT["ink"], linewidth=1.3)
    axes.fill_between(bits, 1e-9, floor, color=LIGHT["rule"], alpha=0.35, linewidth=0)
    axes.set_xlim(min([0.0, *cells["value"]]) - 0.03 * most, most * 1.05)
