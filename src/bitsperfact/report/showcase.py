"""One figure that says what a run found: score distributions beside bits against parameters."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bitsperfact.report.distributions import axis_edges, draw_distributions, tallest_share
from bitsperfact.report.levels import draw_bits_against_parameters
from bitsperfact.report.palette import DASHES, LIGHT, series_marker, series_name
from bitsperfact.report.rendering import drawing_style
from bitsperfact.report.selection import ScoredRun, pooled, scored_run
from bitsperfact.report.wording import TEXT_ALONE, shortened
from bitsperfact.runs import Run

_MOST_MODELS = 4


def headline_figure(run: Run) -> Figure:
    """A matplotlib Figure: distributions of each model's scores, and bits per fact against parameters.

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
    models = _spread(next(models for name, by, models in panels if (name, by) == (claim_set, score)))
    with drawing_style():
        fig = Figure(figsize=(9.6, 1.5 + 0.95 * max(len(models), 2)), layout="constrained")
        halves = fig.subfigures(1, 2, squeeze=False, wspace=0.04)[0]
        _distributions(halves[0], scored, claim_set, score, models)
        _levels(halves[1], scored, score)
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


def _spread(models: list[str]) -> list[str]:
    if len(models) <= _MOST_MODELS:
        return models
    step = (len(models) - 1) / (_MOST_MODELS - 1)
    return [models[round(position * step)] for position in range(_MOST_MODELS)]


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
    draw_bits_against_parameters(axes, scored.run.separation, scored.claim_sets, score)
    handles = [
        Line2D([], [], color=LIGHT[series_name(i)], marker=series_marker(i)[0], label=shortened(name, 28))
        for i, name in enumerate(scored.claim_sets)
    ]
    handles.append(Line2D([], [], color=LIGHT["muted"], linestyle=(0, (4, 3)), label=TEXT_ALONE))
    area.legend(handles=handles, loc="outside upper left", ncols=3, handlelength=1.8)
