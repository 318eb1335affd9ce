"""The models under test, and their memory."""

from bitsperfact.report.sections import Section

SECTION = Section(
    place=90,
    title="Models",
    contents=lambda scored: {"models": sorted(scored.run.models, key=lambda info: (info.n_params, info.name))},
    template="""
{% call folded(models | length, "All " ~ models | length ~ " models") %}
{% call scrolled("Models") %}
<table>
<thead><tr><th scope="col">model</th><th scope="col">parameters</th><th scope="col">memory, bits</th>
<th scope="col">architecture</th><th scope="col">dtype</th><th scope="col">revision</th></tr></thead>
<tbody>
{% for info in models %}
<tr><th scope="row"><bdi>{{ info.name | printable }}</bdi></th>
<td>{{ info.n_params | parameters }}{% if info.n_params %} <span class="ci">({{ info.n_params | count }}
{%- if info.active_params is not none %}, {{ info.active_params | parameters }} active{% endif %})</span>
{%- endif %}</td>
<td>{{ missing if info.memory_bits is none else info.memory_bits | parameters }}</td>
<td>{{ info.architecture | printable or missing }}</td><td>{{ info.dtype | printable }}</td>
<td><bdi>{{ info.revision | printable or missing }}</bdi></td></tr>
{% endfor %}
</tbody>
</table>
{% endcall %}
{% endcall %}
""",
)
