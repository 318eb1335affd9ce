"""The claim sets of a run."""

from typing import Any

from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun


def _contents(scored: ScoredRun) -> dict[str, Any]:
    return {"claim_sets": scored.run.claim_sets, "notes": scored.run.manifest.get("claims_notes", {})}


SECTION = Section(
    place=70,
    title="Claim sets",
    contents=_contents,
    template="""
<p class="note">n facts in a universe of u plausible claims, p = n/u. Facts of a random control could not have been
learnt; those of a patterned control follow from their own text.</p>
{% call folded(claim_sets | length, "All " ~ claim_sets | length ~ " claim sets") %}
{% call scrolled("Claim sets") %}
<table class="numbers">
<thead><tr><th scope="col">claim set</th><th scope="col">n</th><th scope="col">u</th><th scope="col">p</th>
<th scope="col" class="word">control</th><th scope="col" class="word">licence</th>
<th scope="col" class="word">about</th></tr></thead>
<tbody>
{% for info in claim_sets %}
<tr><th scope="row"><bdi>{{ info.name | printable }}</bdi></th><td>{{ info.n_facts | count }}</td>
<td>{{ info.universe_size | count }}</td><td>{{ info.p | significant }}</td>
<td class="word">{{ info.control }}</td>
<td class="word">{{ info.licence | printable or missing }}</td>
<td class="word"><bdi>{{ info.description | printable or missing }}</bdi></td></tr>
{% endfor %}
</tbody>
</table>
{% endcall %}
{% endcall %}
{% for name, found in notes.items() %}
<p class="note">Of the source of <bdi>{{ name | printable }}</bdi>:
{% for note in found %}{{ note.reason | printable }}: {{ note.count | count }}{{ "." if loop.last else "; " }}
{% endfor %}
</p>
{% endfor %}
""",
)
