"""Bits per fact against each kind of non-fact, where there are several."""

from typing import Any

import pandas as pd

from bitsperfact.report import wording
from bitsperfact.report.estimates import written_record
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun
from bitsperfact.runs import Run
from bitsperfact.tables import NONFACT_STRATA, PATTERN_MODEL


def _bits(run: Run) -> pd.DataFrame:
    of_models = run.separation["model"] != PATTERN_MODEL
    return run.separation[(run.separation["quantity"] == "bits_per_fact") & of_models]


def _names(run: Run) -> list[str]:
    present = set(_bits(run)["stratum"])
    return [name for name in NONFACT_STRATA if name in present]


def _contents(scored: ScoredRun) -> dict[str, Any]:
    names = _names(scored.run)
    written = {
        (r.claim_set, r.score, r.model, r.stratum): written_record(r, wording.number)
        for r in _bits(scored.run).itertuples()
    }
    cells = [(s, by, m) for s in scored.claim_sets for by in scored.scores for m in scored.models]
    rows = [(*cell, [written.get((*cell, name)) for name in names]) for cell in cells]
    return {"names": names, "rows": [row for row in rows if any(row[3])]}


SECTION = Section(
    place=40,
    title="By kind of non-fact",
    suits=lambda run: len(_names(run)) > 1,
    contents=_contents,
    template="""
<details>
<summary><span class="name">Bits per fact by stratum</span>
<span class="meaning">Bits per fact against each stratum of non-facts.</span></summary>
{% call scrolled("Bits per fact by kind of non-fact") %}
<table class="numbers">
<thead><tr><th scope="col">model</th><th scope="col" class="word">claim set</th>
<th scope="col" class="word">score</th>{% for name in names %}<th scope="col">{{ name }}</th>
{% endfor %}</tr></thead>
<tbody>
{% for claim_set, score, model, estimates in rows %}
<tr><th scope="row"><bdi>{{ model | printable }}</bdi></th>
<td class="word"><bdi>{{ claim_set | printable }}</bdi></td>
<td class="word">{{ score | printable }}</td>{% for estimate in estimates %}<td>{{ cell(estimate) }}</td>
{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endcall %}
</details>
""",
)
