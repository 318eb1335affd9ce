"""Did the predictions hold? Evidence first, then checks; violated ones are open."""

from bitsperfact.report.sections import Section
from bitsperfact.report.verdicts import MOST_UNFOLDED, verdict_parts

_TEMPLATE = """
{% macro table(label, rows) %}
{% call scrolled(label) %}
<table class="verdicts">
<thead><tr><th scope="col">about</th><th scope="col">status</th><th scope="col">predicted</th>
<th scope="col">measured</th><th scope="col">reason</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row"><bdi>{{ row.model | printable or "all models" }}</bdi>
{%- for name in (row.claim_set, row.score) if name %} · <bdi>{{ name | printable }}</bdi>{% endfor %}</th>
<td class="word">{{ status(row.status) }}</td><td>{{ row.predicted }}</td><td>{{ row.measured or missing }}</td>
<td class="reason"><bdi>{{ row.reason | printable }}</bdi></td></tr>
{% endfor %}
</tbody>
</table>
{% endcall %}
{% endmacro %}
{% for part in verdict_parts %}
<h3>{{ part.title }}</h3>
<ul class="tally">{% for name, n in part.counts.items() %}<li class="status {{ name }}">
<span aria-hidden="true">{{ signs[name] }}</span> {{ n }} {{ name }}</li>{% endfor %}</ul>
{% for group in part.groups %}
<details{% if "violated" in group.counts or group.rows | length <= most_unfolded and part.groups | length <= 16 %}
 open{% endif %}>
<summary><span class="name">{{ group.title }}</span><span class="meaning">{{ group.meaning }}</span>
{{- statuses(group.counts) }}</summary>
{{ table("Verdicts: " ~ group.title, group.rows) }}
{% if group.single %}
<details>
<summary><span class="name">One by one</span><span class="meaning">{{ group.single | length }} verdicts that these
sum up.</span>{{ statuses(group.single_counts) }}</summary>
{{ table("Single verdicts: " ~ group.title, group.single) }}
</details>
{% endif %}
</details>
{% endfor %}
{% else %}
<p class="note">No prediction was judged in this run.</p>
{% endfor %}
"""

SECTION = Section(
    place=10,
    title="Did the predictions hold?",
    contents=lambda scored: {
        "verdict_parts": verdict_parts(scored.run.verdict),
        "most_unfolded": MOST_UNFOLDED,
    },
    template=_TEMPLATE,
)
