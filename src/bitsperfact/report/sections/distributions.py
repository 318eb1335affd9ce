"""Scores of facts and of non-facts: small multiples, each with words for who cannot see it."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from bitsperfact.report.distributions import Histogram, axis_edges, distribution_panel, tallest_share
from bitsperfact.report.rendering import inline_svg
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun, selected_models


@dataclass(frozen=True)
class Distributions:
    """Small multiples of one claim set by one score: an SVG for each model, and the strata drawn apart."""

    claim_set: str
    score: str
    svgs: list[Markup]
    strata: list[str]


def distribution_figures(scored: ScoredRun) -> list[Distributions]:
    """Return every figure of score distributions; all panels of a score share their horizontal axis."""
    drawn, cells = set(selected_models(scored.run, scored.models)), scored.run.cells
    at_home = None if cells is None else set(zip(cells["model"], cells["claim_set"], strict=True))
    panels = [
        (s, by, own)
        for s, by, models in scored.panels()
        if (own := [m for m in models if m in drawn and (at_home is None or (m, s) in at_home)])
    ]
    edges = {
        score: axis_edges(
            scored.values(claim_set, score, model)["value"]
            for claim_set, by, models in panels
            if by == score
            for model in models
        )
        for score in scored.scores
    }
    return [
        _figure(scored, number, claim_set, score, models, edges[score])
        for number, (claim_set, score, models) in enumerate(panels)
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
        svgs.append(inline_svg(fig, f"d{number}-{position}", described))
    return Distributions(claim_set, score, svgs, list(strata))


def _described(model: str, claim_set: str, score: str, drawn: list[Histogram], edges: NDArray[np.float64]) -> str:
    modes = [f"{edges[int(np.argmax(h.shares))]:.1f}" for h in drawn[:2]]
    return (
        f"{model} on {claim_set}: distribution of the {score} score from {edges[0]:.1f} to {edges[-1]:.1f}; "
        f"most common near {modes[0]} for facts and near {modes[1]} for non-facts"
    )


def _contents(scored: ScoredRun) -> dict[str, Any]:
    found = distribution_figures(scored)
    # Networks of a ladder have facts of their own: they stand side by side, not each under a heading.
    by_score = [list(of) for _, of in groupby(sorted(found, key=lambda f: f.score), key=lambda f: f.score)]
    return {
        "figures": found if scored.run.cells is None else [_joined(of) for of in by_score],
        "n_drawn": len(selected_models(scored.run, scored.models)),
        "n_models": len(scored.models),
        "sampled": {name: n for name, n in scored.counts.items() if n.drawn < n.facts + n.nonfacts},
    }


def _joined(figures: list[Distributions]) -> Distributions:
    svgs = [svg for figure in figures for svg in figure.svgs]
    strata = dict.fromkeys(name for figure in figures for name in figure.strata)
    return Distributions("each on its own facts", figures[0].score, svgs, list(strata))


SECTION = Section(
    place=50,
    title="Scores of facts and of non-facts",
    contents=_contents,
    template="""
<p class="note">Each histogram shows shares of its own class, on a square-root scale, so that a rare tail of
believed
non-facts can be seen. All panels of a score share their horizontal axis; what lies beyond it is counted in the
panel's corner (◂ below, ▸ above).</p>
{% if n_drawn < n_models %}
<p class="note">{{ n_drawn }} of {{ n_models }} models are drawn, spread over their sizes; of a ladder,
networks of one seed.</p>
{% endif %}
{% for name, n in sampled.items() %}
<p class="note">Of <bdi>{{ name | printable }}</bdi>, {{ n.drawn | count }} of {{ (n.facts + n.nonfacts) | count }}
claims, drawn at random, are shown here and sought for examples below. The tables rest on all of them, but for what
they say of the text alone.</p>
{% endfor %}
{% for figure in figures %}
<figure>
<figcaption><h3><bdi>{{ figure.claim_set | printable }}</bdi> · {{ figure.score | printable }}</h3>
<ul class="legend"><li>{{ block("fact") }}facts</li><li>{{ block("nonfact") }}non-facts</li>
{%- for name in figure.strata %}<li>{{ swatch(name) }}{{ name }}</li>{% endfor %}</ul></figcaption>
<div class="grid">
{% for svg in figure.svgs %}
{{ svg }}
{% endfor %}
</div>
</figure>
{% else %}
<p class="note">This run holds no scores.</p>
{% endfor %}
""",
)
