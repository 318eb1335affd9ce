"""Bits against size, and hallucination against bits, by each score."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from bitsperfact.report.levels import draw_bits_against_memory, draw_hallucination_against_bits, memory_axis
from bitsperfact.report.palette import series_marker, series_name
from bitsperfact.report.rendering import drawing_style, inline_svg
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun
from bitsperfact.report.wording import shortened


@dataclass(frozen=True)
class Levels:
    """Bits against size and hallucination against bits by one score; `n_zero_rates` stand on the edge."""

    bits: Markup
    rates: Markup
    n_zero_rates: int


def _levels(scored: ScoredRun, number: int, score: str) -> Levels:
    table, size = scored.run.separation, memory_axis(scored.run.separation)[1]
    with drawing_style():
        figures = [Figure(figsize=(4.9, 3.3), layout="constrained") for _ in range(2)]
        bits, rates = (figure.add_subplot() for figure in figures)
        draw_bits_against_memory(bits, table, scored.claim_sets, score)
        n_zero = draw_hallucination_against_bits(rates, table, scored.claim_sets, score)
        for axes in (bits, rates):
            axes.set_title(f"{shortened(score, 40)} score", loc="left")
    by = f"by the {score} score; values in the table of bits per fact"
    return Levels(
        inline_svg(figures[0], f"b{number}", f"Bits per fact against {size}, {by}"),
        inline_svg(figures[1], f"h{number}", f"Hallucination rate and its floor against bits per fact, {by}"),
        n_zero,
    )


def _contents(scored: ScoredRun) -> dict[str, Any]:
    return {
        "levels": [_levels(scored, number, score) for number, score in enumerate(scored.scores)],
        "size": memory_axis(scored.run.separation)[1],
        "series": [(name, series_name(i), series_marker(i)[1]) for i, name in enumerate(scored.claim_sets)],
    }


SECTION = Section(
    place=60,
    title="Bits, size and hallucination",
    suits=lambda run: run.cells is None and run.known is None,
    contents=_contents,
    template="""
{% if levels %}
{{ series_legend(series) }}
<p class="note">The first of each pair of charts shows bits per fact against {{ size }}
{%- if size == "parameters" %} (all models are networks of weights, of as many bits each){% endif %}; a dashed
level is
what the text alone gives away. The second shows the share of non-facts accepted at 95 % recall; no tester can
stand in
the shaded region below the solid line, and the dashed line is q = 2<sup>−bits</sup>, the least rate of a tester
that
accepts every fact. Hollow markers are lower bounds in bits; bars are intervals, and an arrow stands where the
sample
sets no upper end.</p>
{% for figure in levels %}
<figure>
<div class="grid wide">
{{ figure.bits }}
{{ figure.rates }}
</div>
{% if figure.n_zero_rates %}<figcaption>{{ figure.n_zero_rates }} rate{{ "s" if figure.n_zero_rates != 1 }} of zero
stand{{ "s" if figure.n_zero_rates == 1 }} on the lower edge.</figcaption>{% endif %}
</figure>
{% endfor %}
{% else %}
<p class="note">Nothing was measured in this run.</p>
{% endif %}
""",
)
