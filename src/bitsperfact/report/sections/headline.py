"""Bits per fact of each model on each claim set, and what goes with them."""

from itertools import groupby
from typing import Any

from bitsperfact.quantities import Place, shown
from bitsperfact.report.estimates import headline_rows
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun


def estimates_at(scored: ScoredRun, place: Place) -> dict[str, Any]:
    """Return the quantities of a place that any model has, and the rows that hold them, by claim set."""
    rows = headline_rows(scored.run.separation, scored.claim_sets)
    measured = [quantity for quantity in shown(place) if any(row.has(quantity.name) for row in rows)]
    return {
        "n_rows": len(rows),
        # Where another table sums them up, the rows are folded away.
        "most": 12 if scored.run.cells is not None else 120,
        "shown": measured,
        "groups": [(name, list(of_set)) for name, of_set in groupby(rows, key=lambda row: row.claim_set)],
    }


SECTION = Section(
    place=20,
    title="Bits per fact",
    contents=lambda scored: estimates_at(scored, "headline"),
    template="""
{% if groups %}
<p class="note">All non-facts of a claim set together. Under each value, its interval.</p>
{% call folded(n_rows, "All " ~ n_rows ~ " rows", "Every model, claim set and score.", most) %}
{{ estimates_table("Bits per fact", groups, shown) }}
{% endcall %}
{% else %}
<p class="note">Nothing was measured in this run.</p>
{% endif %}
""",
)
