"""The claim sets of a run."""

from bitsperfact.report.sections import Section

SECTION = Section(
    place=70,
    title="Claim sets",
    contents=lambda scored: {"claim_sets": scored.run.claim_sets},
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
""",
)
