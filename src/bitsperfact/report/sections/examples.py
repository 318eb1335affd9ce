"""Claims that show what a score believes: the falsehoods it holds most and the facts it holds least."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun, spread
from bitsperfact.report.wording import number, printable

_N_EXAMPLES = 5
#: Claim sets with examples, and models beside them.
_MOST_SETS, _MOST_MODELS = 12, 6
_LONGEST_PREFIX = 240


@dataclass(frozen=True)
class Example:
    """One claim, its stratum and its score by each model (text, an en dash where there is none)."""

    prefix: str
    target: str
    stratum: str
    values: list[str]


@dataclass(frozen=True)
class Examples:
    """Examples from one claim set by one score, `values` in the order of `models`."""

    claim_set: str
    score: str
    models: list[str]
    believed_nonfacts: list[Example]
    doubted_facts: list[Example]


def examples(scored: ScoredRun, claim_set: str) -> Examples | None:
    """Five non-facts that the models score highest and five facts that they score lowest, by the first score.

    Models' scores differ in scale, so claims are ordered by their rank within each model, summed over models.
    None where the claim set has no scores.
    """
    figure = next((panel for panel in scored.panels() if panel[0] == claim_set), None)
    if figure is None:
        return None
    _, score, named = figure
    models = spread(named, _MOST_MODELS)
    frame = scored.scored
    rows = frame[(frame["claim_set"] == claim_set) & (frame["score"] == score)]
    wide = rows.pivot_table(index="claim_id", columns="model", values="value", aggfunc="first").reindex(
        columns=models
    )
    believed = wide.rank().sum(axis=1).rename("believed")
    claims = scored.claims.drop_duplicates("claim_id").set_index("claim_id").loc[wide.index].join(believed)
    # Ties stand in the order of their content hash, so that the page does not depend on the order of rows.
    ordered = claims.sort_values("believed", kind="stable")
    is_fact = ordered["is_fact"].astype(bool)

    def first(part: pd.DataFrame) -> list[Example]:
        shown = part.head(_N_EXAMPLES)
        values = wide.loc[shown.index].to_numpy(dtype=float)
        return [_example(claim, row) for claim, row in zip(shown.itertuples(), values, strict=True)]

    return Examples(claim_set, score, models, first(ordered[~is_fact][::-1]), first(ordered[is_fact]))


def _example(claim: object, values: NDArray[np.float64]) -> Example:
    fields = ("group", "prefix", "target", "stratum")
    group, prefix, target, stratum = (str(getattr(claim, name)) for name in fields)
    if not target:
        prefix = f"{group} (text unknown)"
    # The end of a long prefix is what the target continues.
    shown = ("…" if len(prefix) > _LONGEST_PREFIX else "") + printable(prefix[-_LONGEST_PREFIX:])
    return Example(
        prefix=shown,
        target=f"{' ' if target[:1].isspace() else ''}{printable(target[:_LONGEST_PREFIX])}",
        stratum=stratum,
        values=[number(float(value)) for value in values],
    )


def _contents(scored: ScoredRun) -> dict[str, Any]:
    sets = spread(scored.claim_sets, _MOST_SETS)
    found = {name: examples(scored, name) for name in sets}
    return {
        "examples": {name: of_set for name, of_set in found.items() if of_set},
        "n_left_out": len(scored.claim_sets) - len(sets),
    }


SECTION = Section(
    place=80,
    title="Examples",
    suits=lambda run: run.known is None and run.cells is None,
    contents=_contents,
    template="""
{% macro claims_table(title, rows, shown, kinds) %}
<h4>{{ title }}</h4>
{% call scrolled(title ~ ", " ~ shown.claim_set | printable) %}
<table class="numbers">
<thead><tr><th scope="col">claim</th>{% if kinds %}<th scope="col" class="word">kind</th>{% endif %}
{%- for model in shown.models %}<th scope="col"><bdi>{{ model | printable }}</bdi></th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row" class="claim"><bdi>{{ row.prefix }}<span class="target">{{ row.target }}</span></bdi></th>
{%- if kinds %}<td class="word">{{ row.stratum }}</td>{% endif %}
{%- for value in row.values %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endcall %}
{% endmacro %}
{% if n_left_out %}<p class="note">{{ n_left_out }} claim sets are left out here.</p>{% endif %}
{% for claim_set, shown in examples.items() %}
<details{% if loop.first %} open{% endif %}>
<summary><span class="name"><bdi>{{ claim_set | printable }}</bdi></span>
<span class="meaning">What the models get wrong, with their {{ shown.score | printable }} scores.</span></summary>
{{ claims_table("Non-facts believed most", shown.believed_nonfacts, shown, true) }}
{{ claims_table("Facts believed least", shown.doubted_facts, shown, false) }}
</details>
{% else %}
<p class="note">This run holds no scores.</p>
{% endfor %}
""",
)
