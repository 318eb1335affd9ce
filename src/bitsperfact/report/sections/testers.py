"""Testers of known memory against the bound."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from bitsperfact.constants import RECALL
from bitsperfact.report import wording
from bitsperfact.report.estimates import written_estimate
from bitsperfact.report.palette import LIGHT, series_marker, series_name
from bitsperfact.report.rendering import drawing_style, inline_svg
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun
from bitsperfact.runs import Run
from bitsperfact.tables import POOLED
from bitsperfact.theory import lowest_fpr

_BOUND: dict[str, Any] = {"color": LIGHT["ink"], "linewidth": 1.3}
_ALL_KEPT: dict[str, Any] = {"color": LIGHT["muted"], "linewidth": 1.0, "linestyle": (0, (5, 2))}


def tester_figure(run: Run) -> Figure:
    """Return a Figure: bits per fact, and -log2 of the hallucination rate, against bits of memory per key.

    One line per kind of tester (`ModelInfo.architecture`); none can stand in the shaded region.
    """
    cells = rows_of_testers(run)
    kinds = list(dict.fromkeys(cells["kind"]))
    most = 1.06 * float(cells["memory"].max())
    with drawing_style():
        fig = Figure(figsize=(9.6, 4.6), layout="constrained")
        bits, rates = fig.subplots(1, 2, sharex=True, sharey=True)
        _draw_bound(bits, np.array([0.0, most]), np.array([0.0, most]))
        memory = np.linspace(0.0, most, 200)
        _draw_bound(rates, memory, -np.log2(lowest_fpr(memory, 1 - RECALL)))
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


def rows_of_testers(run: Run) -> pd.DataFrame:
    """Return a row per model and claim set that are known by construction: measured beside known.

    Columns: model, kind, memory (bits per fact), known_bits and known_rate, bits and log2_rate (bits, -log2 of the
    hallucination rate) with `_lower` and `_upper`, and rate (1). Where the sample does not resolve the bits, the
    upper ends are infinite, and the lower end is no higher than what is certified.
    """
    if run.known is None:
        raise ValueError("nothing is known of the models of the run by construction")
    known = run.known.pivot_table(
        index=["model", "claim_set"], columns="quantity", values="value", aggfunc="first"
    )
    pooled = run.separation[run.separation["stratum"] == POOLED].set_index(["model", "claim_set", "quantity"])
    measured: dict[Any, Any] = pooled[~pooled.index.duplicated()].to_dict("index")
    sizes = {info.name: info.n_facts for info in run.claim_sets}
    rows = []
    for info in run.models:
        for name in sizes:
            bits, rate = (
                measured.get((info.name, name, each)) for each in ("bits_per_fact", "hallucination_rate")
            )
            if bits is None or rate is None or (info.name, name) not in known.index:
                continue
            lower, upper = bits["lower"], bits["upper"]
            if bits["resolution_limited"]:
                certified = measured.get((info.name, name, "bits_certified"), bits)["value"]
                lower, upper = min(lower, certified), math.inf
            memory = info.n_params if info.memory_bits is None else info.memory_bits
            rows.append(
                {
                    "model": info.name,
                    "kind": info.architecture,
                    "memory": memory / sizes[name],
                    "known_bits": known.loc[(info.name, name), "bits_per_fact"],
                    "known_rate": known.loc[(info.name, name), "hallucination_rate"],
                    "bits": bits["value"],
                    "bits_lower": lower,
                    "bits_upper": upper,
                    "limited": bool(bits["resolution_limited"]),
                    "rate": rate["value"],
                    "log2_rate": _log2(rate["value"]),
                    "log2_rate_lower": _log2(rate["upper"]),
                    "log2_rate_upper": _log2(rate["lower"]),
                }
            )
    return pd.DataFrame(rows)


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


def _contents(scored: ScoredRun) -> dict[str, Any]:
    figure = inline_svg(
        tester_figure(scored.run),
        "testers",
        "Bits per fact, and -log2 of the hallucination rate, against memory per key; values in the table below",
    )
    heads = ["tester", "memory, bits per key", "known bits", "measured", "known rate", "measured rate"]
    rows = [
        [
            row["model"],
            wording.number(row["memory"]),
            wording.number(row["known_bits"]),
            str(
                written_estimate(row["bits"], row["bits_lower"], row["bits_upper"], row["limited"], wording.number)
            ),
            wording.percent(row["known_rate"]),
            wording.percent(row["rate"]),
        ]
        for row in rows_of_testers(scored.run).to_dict("records")
    ]
    return {"figure": figure, "heads": heads, "rows": rows}


SECTION = Section(
    place=16,
    title="Memory, bits and hallucination",
    suits=lambda run: run.known is not None,
    contents=_contents,
    template="""
<p class="note">What is known of each model by construction, beside what was measured. None can stand in the shaded
region above the bound; hollow markers with an arrow are lower bounds, where more non-facts would be needed.</p>
<figure>
<div class="broad" tabindex="0" role="region" aria-label="Testers against the bound">
{{ figure }}
</div>
</figure>
{% call folded(rows | length, "All " ~ rows | length ~ " testers") %}
{{ plain_table("Testers, known and measured", heads, rows) }}
{% endcall %}
""",
)
