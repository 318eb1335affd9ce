"""What a ladder trained, and what came of it: one row per size, number of facts and weight."""

from typing import Any

from bitsperfact.report.cells import columns_of, measured_cells, seed_means
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun


def _contents(scored: ScoredRun) -> dict[str, Any]:
    if scored.run.cells is None:
        raise ValueError("a run without cells has no table of them")
    means = seed_means(measured_cells(scored.run.cells, scored.run.separation))
    tables = []
    for (architecture, objective), part in means.groupby(["architecture", "objective"], sort=True):
        columns = columns_of(str(objective))
        rows = [[write(row[name]) for _, name, write in columns] for row in part.to_dict("records")]
        done = f"{int(part['finished'].sum())} of {len(part)} at their plateau"
        tables.append((f"{architecture}, {objective}", done, [head for head, *_ in columns], rows))
    return {"tables": tables}


SECTION = Section(
    place=15,
    title="Cells of the ladder",
    suits=lambda run: run.cells is not None,
    contents=_contents,
    template="""
<p class="note">Means over seeds. P parameters, n facts, a weight of facts in the loss; KL is bits per fact,
b_eff the
bits that the loss is worth; q the share of non-facts hallucinated, x* the median confidence in facts; c bits per
parameter; last doubling: what b_eff gained in the last doubling of training.</p>
{% for name, done, heads, rows in tables %}
<h3>{{ name | printable }}</h3>
<p class="note">{{ done }}.</p>
{% call folded(rows | length, "All " ~ rows | length ~ " cells") %}
{{ plain_table("Cells: " ~ name | printable, heads, rows) }}
{% endcall %}
{% endfor %}
""",
)
