"""One figure that says what a run found: score distributions beside bits against parameters."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bitsperfact.report.cells import measured_cells
from bitsperfact.report.distributions import axis_edges, draw_distributions, tallest_share
from bitsperfact.report.levels import draw_bits_against_memory
from bitsperfact.report.palette import DASHES, LIGHT, series_marker, series_name
from bitsperfact.report.rendering import drawing_style
from bitsperfact.report.sections.law import judged_evenly, law_figure, laws_of
from bitsperfact.report.sections.testers import tester_figure
from bitsperfact.report.selection import ScoredRun, pooled, scored_run, selected_models, spread
from bitsperfact.report.wording import TEXT_ALONE, shortened
from bitsperfact.runs import Run

_MOST_MODELS = 4


def headline_figure(run: Run) -> Figure:
    """Return the one Figure of a run: testers against the bound, a ladder's law, or `models_figure`.

    Raises ValueError for a run without scores.
    """
    if run.known is not None:
        return tester_figure(run)
    if run.cells is not None and judged_evenly(run):
        return law_figure(measured_cells(run.cells, run.separation), laws_of(run))
    return models_figure(run)


def models_figure(run: Run) -> Figure:
    """Return a Figure: distributions of each model's scores, and bits per fact against size.

    The distributions are of the claim set (controls aside) on which some model reached the most bits per fact, by
    the run's first score: the clearest picture, not a typical one. Of many models the smallest, the largest and
    two between are drawn. Raises ValueError for a run without scores.
    """
    scored = scored_run(run)
    panels = scored.panels()
    if not panels:
        raise ValueError("the run has no scores of its claims, so there is nothing to draw")
    score = panels[0][1]
    claim_set = _clearest(scored, score)
    models = spread(next(own for name, by, own in panels if (name, by) == (claim_set, score)), _MOST_MODELS)
    with drawing_style():
        fig = Figure(figsize=(9.6, 1.5 + 0.95 * max(len(models), 2)), layout="constrained")
        halves = fig.subfigures(1, 2, squeeze=False, wspace=0.04)[0]
        _distributions(halves[0], scored, claim_set, score, models)
        _levels(halves[1], scored, score)
        fig.draw_without_rendering()
    return fig


def distributions_figure(run: Run) -> Figure:
    """Return a Figure of score distributions, a panel per selected model on its first claim set, by its score."""
    scored = scored_run(run)
    drawn = set(selected_models(run, scored.models))
    panels = {m: scored.values(s, by, m) for s, by, own in reversed(scored.panels()) for m in own if m in drawn}
    edges = axis_edges(panel["value"] for panel in panels.values())
    tallest = tallest_share(panels.values(), edges)
    columns = min(4, max(len(panels), 1))
    rows = -(-max(len(panels), 1) // columns)
    with drawing_style():
        fig = Figure(figsize=(2.5 * columns, 1.6 * rows + 0.4), layout="constrained")
        grid = list(fig.subplots(rows, columns, squeeze=False, sharey=True).flat)
        for axes, model in zip(grid, [name for name in scored.models if name in panels], strict=False):
            draw_distributions(axes, panels[model], edges, model, tallest)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        fig.supxlabel("score; blue: facts, vermilion: non-facts; shares of each, square-root axis", fontsize=7)
        fig.draw_without_rendering()
    return fig


def _clearest(scored: ScoredRun, score: str) -> str:
    control = {info.name for info in scored.run.claim_sets if info.control != "none"}
    drawable = [name for name, by, _ in scored.panels() if by == score]
    bits = pooled(scored.run.separation, "bits_per_fact").dropna(subset=["value"])
    bits = bits[
        (bits["score"] == score) & bits["claim_set"].isin([name for name in drawable if name not in control])
    ]
    return str(bits.sort_values("value")["claim_set"].iloc[-1]) if len(bits) else drawable[0]


def _distributions(area: Any, scored: ScoredRun, claim_set: str, score: str, models: list[str]) -> None:
    frames = [scored.values(claim_set, score, model) for model in models]
    edges = axis_edges(frame["value"] for frame in frames)
    tallest = tallest_share(frames, edges)
    rows = area.subplots(len(models), 1, sharex=True, squeeze=False)[:, 0]
    names: list[str] = []
    for axes, model, frame in zip(rows, models, frames, strict=True):
        names += [histogram.name for histogram in draw_distributions(axes, frame, edges, model, tallest)]
    rows[-1].set_xlabel(shortened(f"{score} score, {claim_set}", 60))
    area.supylabel("share of the class (square-root scale)", fontsize=8, color=LIGHT["muted"])
    handles = [_handle(name) for name in dict.fromkeys(names)]
    area.legend(handles=handles, loc="outside upper left", ncols=len(handles), handlelength=1.6)


def _handle(name: str) -> Any:
    label = {"fact": "facts", "nonfact": "non-facts"}.get(name, name)
    if name in ("fact", "nonfact"):
        return Patch(facecolor=(LIGHT[name], 0.3), edgecolor=LIGHT[name], label=label)
    return Line2D([], [], color=LIGHT[name], linestyle=DASHES.get(name, "-"), linewidth=0.9, label=label)


def _levels(area: Any, scored: ScoredRun, score: str) -> None:
    axes = area.add_subplot()
    draw_bits_against_memory(axes, scored.run.separation, scored.claim_sets, score)
    handles = [
        Line2D([], [], color=LIGHT[series_name(i)], marker=series_marker(i)[0], label=shortened(name, 28))
        for i, name in enumerate(scored.claim_sets)
    ]
    handles.append(Line2D([], [], color=LIGHT["muted"], linestyle=(0, (4, 3)), label=TEXT_ALONE))
    area.legend(handles=handles, loc="outside upper left", ncols=3, handlelength=1.8)
