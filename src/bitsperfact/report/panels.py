"""Figures of the page as inline SVG, each with the words that say the same to who cannot see it."""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bitsperfact.report.distributions import Histogram, axis_edges, distribution_panel, tallest_share
from bitsperfact.report.levels import level_panel
from bitsperfact.report.rendering import inline_svg
from bitsperfact.report.selection import ScoredRun


@dataclass(frozen=True)
class Distributions:
    """Small multiples of one claim set by one score: an SVG for each model, and the strata drawn apart."""

    claim_set: str
    score: str
    svgs: list[Markup]
    strata: list[str]


@dataclass(frozen=True)
class Levels:
    """Bits against parameters and hallucination against bits by one score; `n_zero_rates` stand on the edge."""

    score: str
    bits: Markup
    rates: Markup
    n_zero_rates: int


def distribution_figures(scored: ScoredRun) -> list[Distributions]:
    """Every figure of score distributions; all panels of a score share their horizontal axis."""
    edges = {
        score: axis_edges(
            scored.values(claim_set, score, model)["value"]
            for claim_set, by, models in scored.panels()
            if by == score
            for model in models
        )
        for score in scored.scores
    }
    return [
        _figure(scored, number, claim_set, score, models, edges[score])
        for number, (claim_set, score, models) in enumerate(scored.panels())
    ]


def _figure(
    scored: ScoredRun, number: int, claim_set: str, score: str, models: list[str], edges: NDArray[np.float64]
) -> Distributions:
    panels = {model: scored.values(claim_set, score, model) for model in models}
    tallest = tallest_share(panels.values(), edges)
    svgs, strata = [], {}
    for position, (model, panel) in enumerate(panels.items()):
        fig, drawn = distribution_panel(panel, edges, model, score, tallest)
        strata.update(dict.fromkeys(histogram.name for histogram in drawn[2:]))
        described = _described(model, claim_set, score, drawn, edges)
        svgs.append(_drawn(fig, f"d{number}-{position}", described))
    return Distributions(claim_set, score, svgs, list(strata))


def _described(model: str, claim_set: str, score: str, drawn: list[Histogram], edges: NDArray[np.float64]) -> str:
    modes = [f"{edges[int(np.argmax(h.shares))]:.1f}" for h in drawn[:2]]
    return (
        f"{model} on {claim_set}: distribution of the {score} score from {edges[0]:.1f} to {edges[-1]:.1f}; "
        f"most common near {modes[0]} for facts and near {modes[1]} for non-facts"
    )


def level_figures(scored: ScoredRun) -> list[Levels]:
    """For each score, bits per fact against parameters and hallucination against bits per fact."""
    return [_levels(scored, number, score) for number, score in enumerate(scored.scores)]


def _levels(scored: ScoredRun, number: int, score: str) -> Levels:
    table = scored.run.separation
    bits, _ = level_panel("size", table, scored.claim_sets, score)
    rates, n_zero = level_panel("rate", table, scored.claim_sets, score)
    by = f"by the {score} score; values in the table of bits per fact"
    return Levels(
        score=score,
        bits=_drawn(bits, f"b{number}", f"Bits per fact against parameters, {by}"),
        rates=_drawn(rates, f"h{number}", f"Hallucination rate and its floor against bits per fact, {by}"),
        n_zero_rates=n_zero,
    )


def _drawn(fig: Figure, name: str, description: str) -> Markup:
    # Safe to put into the page as it is: matplotlib escapes the names it draws, inline_svg the description.
    return Markup(inline_svg(fig, name, description))
