"""Score distributions of facts and of non-facts, drawn so that a rare tail can be seen.

Both histograms hold shares of their own class, so that fifteen times as many non-facts do not drown the facts. The
vertical axis is a square root: non-facts in the facts' territory are a percent or less, and they are the
hallucinations.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bitsperfact.report.palette import DASHES, LIGHT
from bitsperfact.report.rendering import drawing_style
from bitsperfact.report.selection import finite
from bitsperfact.report.wording import number, percent, shortened
from bitsperfact.tables import NONFACT_STRATA

_N_BINS = 44
#: Share of a panel's claims that may lie beyond either end of the axis; how many do is written in the panel.
_TAIL = 0.002
#: Range (units of the score) beyond which the axis is one of asinh, and up to which that is about linear.
_WIDE, _LINEAR = 150.0, 5.0
_MARKS = (-10_000, -1_000, -100, -10, 0, 10, 100, 1_000, 10_000)


@dataclass(frozen=True)
class Histogram:
    """Shares (1) of one class or stratum per bin; `below` and `above` count what lies beyond the axis."""

    name: str
    shares: NDArray[np.float64]
    below: int
    above: int


def axis_edges(panels: Iterable[pd.Series]) -> NDArray[np.float64]:
    """Bin edges shared by all panels of a score, so that they can be compared by eye.

    The range is the union over the panels of the middle 99.6 % of each; one outlier must not squeeze all others.
    Bins are equal on the axis: where non-facts reach a hundred times as far as facts, it is one of asinh.
    """
    ends = [np.quantile(numbers, [_TAIL, 1 - _TAIL]) for panel in panels if len(numbers := finite(panel))]
    low = min((end[0] for end in ends), default=0.0)
    high = max((end[1] for end in ends), default=1.0)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    if high - low <= _WIDE:
        return np.linspace(low, high, _N_BINS + 1)
    stretched = math.asinh(low / _LINEAR), math.asinh(high / _LINEAR)
    edges: NDArray[np.float64] = np.sinh(np.linspace(*stretched, _N_BINS + 1)) * _LINEAR
    edges[[0, -1]] = low, high  # there and back is not exact, and ends hold claims
    return edges


def histograms(panel: pd.DataFrame, edges: NDArray[np.float64]) -> list[Histogram]:
    """Return facts, all non-facts and, where there are several, each stratum of non-facts."""
    is_fact = panel["is_fact"].to_numpy(dtype=bool)
    strata = [name for name in NONFACT_STRATA if (panel["stratum"] == name).any()]
    parts = [("fact", panel[is_fact]), ("nonfact", panel[~is_fact])]
    if len(strata) > 1:
        parts += [(name, panel[panel["stratum"] == name]) for name in strata]
    return [_histogram(name, finite(part["value"]), edges) for name, part in parts]


def _histogram(name: str, numbers: NDArray[np.float64], edges: NDArray[np.float64]) -> Histogram:
    counts, _ = np.histogram(numbers, bins=edges)
    return Histogram(
        name=name,
        shares=counts / max(len(numbers), 1),
        below=int((numbers < edges[0]).sum()),
        above=int((numbers > edges[-1]).sum()),
    )


def beyond_note(drawn: list[Histogram], not_finite: int) -> str:
    """Return what the panel does not show, in words: never silently."""
    facts, nonfacts = drawn[0], drawn[1]
    notes = [
        f"{sign} facts {fact}, non-facts {nonfact}"
        for sign, fact, nonfact in (("◂", facts.below, nonfacts.below), ("▸", facts.above, nonfacts.above))
        if fact or nonfact
    ]
    return "  ".join(notes + ([f"{not_finite} not finite"] if not_finite else []))


def draw_distributions(
    axes: Axes, panel: pd.DataFrame, edges: NDArray[np.float64], title: str, tallest: float
) -> list[Histogram]:
    """Draw one model's panel; `tallest` is the largest share (1) on the vertical axis. Returns what was drawn."""
    drawn = histograms(panel, edges)
    for histogram in drawn:
        _draw(axes, histogram, edges)
    if edges[-1] - edges[0] > _WIDE:
        axes.set_xscale("asinh", linear_width=_LINEAR)
        marks = [mark for mark in _MARKS if edges[0] <= mark <= edges[-1]]
        axes.set_xticks(marks, [number(mark, 0) for mark in marks])
        axes.minorticks_off()
    axes.set_xlim(edges[0], edges[-1])
    _square_root_axis(axes, tallest)
    axes.set_title(shortened(title, 52), loc="left")
    note = beyond_note(drawn, int((~np.isfinite(panel["value"].to_numpy(dtype=float))).sum()))
    if note:
        axes.text(
            0.995, 0.97, note, transform=axes.transAxes, ha="right", va="top", fontsize=6.5, color=LIGHT["muted"]
        )
    return drawn


def _draw(axes: Axes, histogram: Histogram, edges: NDArray[np.float64]) -> None:
    colour = LIGHT[histogram.name]
    filled = histogram.name in ("fact", "nonfact")
    if filled:
        axes.stairs(histogram.shares, edges, fill=True, color=colour, alpha=0.22, linewidth=0)
    axes.stairs(
        histogram.shares,
        edges,
        color=colour,
        linewidth=1.4 if filled else 0.9,
        linestyle=DASHES.get(histogram.name, "-"),
        baseline=None,
    )


def _square_root_axis(axes: Axes, tallest: float) -> None:
    # Clipped at zero: matplotlib evaluates the scale slightly below the axis as well.
    axes.set_yscale("function", functions=(lambda y: np.sqrt(np.clip(y, 0, None)), np.square))
    # Headroom for the note on what lies beyond the axis: 15 % of the height.
    axes.set_ylim(0, tallest / 0.85**2)
    ticks = [tick for tick in (0.0, 0.01, 0.05, 0.2, 0.5, 1.0) if tick <= tallest]
    if len(ticks) < 3:
        ticks = [0.0, tallest / 4, tallest]
    axes.set_yticks(ticks, [percent(tick).replace(".0 %", " %") for tick in ticks])
    axes.minorticks_off()


def tallest_share(panels: Iterable[pd.DataFrame], edges: NDArray[np.float64]) -> float:
    """Return the largest share (1) of any bin in any panel: the common height of a row of small multiples."""
    tops = [histogram.shares.max() for panel in panels for histogram in histograms(panel, edges)]
    return float(max(tops, default=0.0)) or 1.0


def distribution_panel(
    panel: pd.DataFrame, edges: NDArray[np.float64], title: str, score: str, tallest: float
) -> tuple[Figure, list[Histogram]]:
    """Return a Figure of one panel, sized to stand in a grid that a telephone shows one above the other."""
    with drawing_style():
        fig = Figure(figsize=(3.7, 2.1))
        # Fixed margins, which hold "100 %": panels line up in the grid, and no time goes into a layout engine.
        axes = fig.add_axes((0.115, 0.2, 0.875, 0.68))
        drawn = draw_distributions(axes, panel, edges, title, tallest)
        axes.set_xlabel(f"{shortened(score, 40)} score")
    return fig, drawn
