"""How the bits lie over the facts: what tells the hallucination channel from its rivals."""

from bitsperfact.quantities import shown
from bitsperfact.report.sections import Section
from bitsperfact.report.sections.headline import estimates_at

_NAMES = [quantity.name for quantity in shown("shape")]

SECTION = Section(
    place=30,
    title="How the bits lie over the facts",
    suits=lambda run: bool(run.separation["quantity"].isin(_NAMES).any()),
    contents=lambda scored: estimates_at(scored, "shape"),
    template="""
<p class="note">At the theory's optimum every fact costs the same: evenness 1, spread 0, nothing forgotten, and
among
accepted claims nothing that tells facts from hallucinations.</p>
{% call folded(n_rows, "All " ~ n_rows ~ " rows", "Every model, claim set and score.", most) %}
{{ estimates_table("How the bits lie over the facts", groups, shown) }}
{% endcall %}
""",
)
