"""What models read: what precedes every claim, and which claims their tokenizers could not take as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from bitsperfact.report.sections import Section

#: Count in `run.json` -> what is said of its example.
_NOTED = {"merged": "a token spans the boundary", "too_long": "too long", "unknown": "unknown characters"}


def _examples(entries: list[Mapping[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    """Model, claim set, what was noted, and an example of it."""
    for entry in entries:
        for name, words in _NOTED.items():
            if entry[f"n_{name}"]:
                yield entry["model"], entry["claim_set"], words, entry[f"{name}_example"]


SECTION = Section(
    place=95,
    title="What models read",
    contents=lambda scored: {
        "entries": scored.run.manifest["tokenization"],
        "examples": list(_examples(scored.run.manifest["tokenization"])),
    },
    suits=lambda run: bool(run.manifest.get("tokenization")),
    template="""
<p class="note">Before every claim stands what the model's tokenizer puts there. Where a token spans the end of a
prefix and the beginning of one of its targets, all targets of that prefix are scored from before it. Claims of
more tokens than a model reads are set aside, for that model.</p>
{% call folded(entries | length, "All " ~ entries | length ~ " pairs of model and claim set") %}
{% call scrolled("What models read") %}
<table class="numbers">
<thead><tr><th scope="col">model</th><th scope="col" class="word">claim set</th>
<th scope="col" class="word">before every claim</th><th scope="col">claims</th>
<th scope="col">a token spans the boundary</th>
<th scope="col">scored from before the target</th><th scope="col">too long</th>
<th scope="col">unknown characters</th></tr></thead>
<tbody>
{% for entry in entries %}
<tr><th scope="row"><bdi>{{ entry.model | printable }}</bdi></th>
<td class="word"><bdi>{{ entry.claim_set | printable }}</bdi></td>
<td class="word"><bdi>{{ entry.precedes | join(" ") | printable or "nothing" }}</bdi></td>
<td>{{ entry.n_claims | count }}</td><td>{{ entry.n_merged | count }}</td><td>{{ entry.n_moved | count }}</td>
<td>{{ entry.n_too_long | count }}</td><td>{{ entry.n_unknown | count }}</td></tr>
{% endfor %}
</tbody>
</table>
{% endcall %}
{% endcall %}
{% if examples %}
<ul>
{% for model, claim_set, words, example in examples %}
<li><bdi>{{ model | printable }}</bdi>, <bdi>{{ claim_set | printable }}</bdi>, {{ words }}:
<bdi>{{ example | printable }}</bdi></li>
{% endfor %}
</ul>
{% endif %}
""",
)
