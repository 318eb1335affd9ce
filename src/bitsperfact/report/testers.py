"""Testers of known memory against the bound: a figure, and a table for the terminal."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from rich import box
from rich.table import Table
from rich.text import Text

from bitsperfact.report import wording
from bitsperfact.report.palette import LIGHT, series_marker, series_name
from bitsperfact.report.rendering import drawing_style
from bitsperfact.report.verdicts import status_counts
from bitsperfact.runs import Run
from bitsperfact.theory import lowest_fpr

#: Recall of facts at which the separation table states the hallucination rate.
_RECALL = 0.95
_BOUND: dict[str, Any] = {"color": LIGHT["ink"], "linewidth": 1.3}
_ALL_KEPT: dict[str, Any] = {"color": LIGHT["muted"], "linewidth": 1.0, "linestyle": (0, (5, 2))}


def tester_figure(run: Run) -> Figure:
    """A matplotlib Figure: bits per fact, and -log2 of the hallucination rate, against bits of memory per key.

    The run's models are testers (`n_params` is memory in bits, `architecture` the kind of tester), its claim set
    is the set of stored keys, and its verdicts include those of `bitsperfact.testers.known_verdicts`. One line per
    kind; no tester can stand in the shaded region.
    """
    cells = _cells(run)
    kinds = list(dict.fromkeys(cells["kind"]))
    most = 1.06 * float(cells["memory"].max())
    with drawing_style():
        fig = Figure(figsize=(9.6, 4.6), layout="constrained")
        bits, rates = fig.subplots(1, 2, sharex=True, sharey=True)
        _draw_bound(bits, np.array([0.0, most]), np.array([0.0, most]))
        memory = np.linspace(0.0, most, 200)
        _draw_bound(rates, memory, -np.log2(lowest_fpr(memory, 1 - _RECALL)))
        rates.plot(memory, memory, **_ALL_KEPT)
        for position, kind in enumerate(kinds):
            of_kind = cells[cells["kind"] == kind].sort_values("memory")
            _draw_kind(bits, of_kind, "bits", position)
            _draw_kind(rates, of_kind, "log2_rate", position)
        bits.set(xlim=(0, most), ylim=(-0.4, most))
        bits.set_ylabel("measured bits per fact")
        rates.set_ylabel("measured −log₂ of the hallucination rate at 95 % recall")
        for axes in (bits, rates):
            axes.set_xlabel("memory (bits per key)")
            axes.xaxis.set_major_locator(MaxNLocator(12, integer=True, steps=[1, 2, 4, 10]))
            axes.yaxis.set_major_locator(MaxNLocator(12, integer=True, steps=[1, 2, 4, 10]))
        handles = [_handle(kind, position) for position, kind in enumerate(kinds)]
        handles.append(Line2D([], [], color=LIGHT["ink"], linewidth=1.3, label="bound"))
        handles.append(
            Line2D(
                [], [], color=LIGHT["muted"], linewidth=1.0, linestyle=(0, (5, 2)), label="bound, no key missed"
            )
        )
        fig.legend(handles=handles, loc="outside upper left", ncols=5, handlelength=2.2)
    return fig


def tester_table(run: Run) -> Table:
    """For the terminal, a line per tester: memory (bits per key), known and measured bits per fact, known and
    measured hallucination rate (1), the worst of the verdicts on it, and how many of them are consistent."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, expand=False)
    table.add_column("tester", no_wrap=True)
    for title in ("memory", "bits", "measured", "halluc.", "measured", "hold"):
        table.add_column(title, justify="right", no_wrap=True)
    bits, rates = _verdicts(run, "known_bits"), _verdicts(run, "known_hallucination")
    for info in run.models:
        counts = status_counts(run.verdict.loc[run.verdict["model"] == info.name, "status"])
        own, rate = bits[info.name], rates[info.name]
        table.add_row(
            Text(wording.printable(info.name)),
            wording.number(info.n_params / _n_keys(run)),
            wording.number(own.predicted),
            f"{wording.number(own.measured)} {wording.interval(own.lower, own.upper, wording.number)}",
            wording.percent(rate.predicted),
            wording.percent(rate.measured),
            f"{wording.STATUS_SIGNS[next(iter(counts))]} {counts.get('consistent', 0)}/{sum(counts.values())}",
        )
    return table


def _n_keys(run: Run) -> int:
    return run.claim_sets[0].n_facts


def _verdicts(run: Run, prediction: str) -> dict[str, Any]:
    """Rows of the verdict table, named tuples, by tester."""
    rows = run.verdict[run.verdict["prediction"] == prediction]
    return {str(row.model): row for row in rows.itertuples()}


def _cells(run: Run) -> pd.DataFrame:
    """A row per tester: `kind`, `memory` (bits per key), and `bits` and `log2_rate` (bits) with their ends."""
    bits, rates = _verdicts(run, "known_bits"), _verdicts(run, "known_hallucination")
    return pd.DataFrame(
        {
            "kind": info.architecture,
            "memory": info.n_params / _n_keys(run),
            "bits": bits[info.name].measured,
            "bits_lower": bits[info.name].lower,
            "bits_upper": bits[info.name].upper,
            "log2_rate": _log2(rates[info.name].measured),
            "log2_rate_lower": _log2(rates[info.name].upper),
            "log2_rate_upper": _log2(rates[info.name].lower),
        }
        for info in run.models
    )


def _log2(rate: float) -> float:
    """-log2 of a rate (1); infinity for none."""
    return -math.log2(rate) if rate > 0 else math.inf


def _draw_bound(axes: Axes, memory: NDArray[np.float64], most: NDArray[np.float64]) -> None:
    axes.plot(memory, most, **_BOUND)
    axes.fill_between(memory, most, 1e3, color=LIGHT["rule"], alpha=0.35, linewidth=0)


def _draw_kind(axes: Axes, of_kind: pd.DataFrame, what: str, position: int) -> None:
    """Line, markers and intervals of one kind of tester.

    A hollow marker with an arrow has no upper end; a rate of zero stands at the lower end of its interval. Markers
    shrink from kind to kind, so that none hides what lies beneath it.
    """
    colour, marker, size = (
        LIGHT[series_name(position)],
        series_marker(position)[0],
        max(4.0, 8.5 - 0.6 * position),
    )
    shown = of_kind[what].where(np.isfinite(of_kind[what]), of_kind[f"{what}_lower"])
    axes.plot(of_kind["memory"], shown, color=colour, linewidth=1.1, alpha=0.75)
    for at, value, row in zip(of_kind["memory"], shown, of_kind.to_dict("records"), strict=True):
        lower, upper = row[f"{what}_lower"], row[f"{what}_upper"]
        axes.vlines(at, lower, upper if math.isfinite(upper) else value, color=colour, linewidth=1.1)
        if math.isinf(upper):
            arrow = {"arrowstyle": "<-", "color": colour, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (at, value), (0, 16), textcoords="offset points", arrowprops=arrow)
        face, edge = ("paper", colour) if math.isinf(upper) else (colour, "paper")
        look: dict[str, Any] = {"markerfacecolor": LIGHT.get(face, face), "markeredgecolor": LIGHT.get(edge, edge)}
        axes.plot([at], [value], marker=marker, markersize=size, markeredgewidth=0.8, **look, zorder=3)


def _handle(kind: str, position: int) -> Line2D:
    marker, colour = series_marker(position)[0], LIGHT[series_name(position)]
    return Line2D(
        [], [], color=colour, marker=marker, markersize=5.2, linewidth=1.1, label=wording.shortened(kind, 28)
    )
