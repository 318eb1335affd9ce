"""Where a run comes from: command, versions, fingerprints, estimators, and how to load it."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from bitsperfact.report import wording
from bitsperfact.report.sections import Section
from bitsperfact.report.selection import ScoredRun


def _contents(scored: ScoredRun) -> dict[str, Any]:
    run = scored.run
    return {
        "models": sorted(run.models, key=lambda info: (info.n_params, info.name)),
        "claim_sets": run.claim_sets,
        "estimators": _estimators(run.separation),
        "provenance": _provenance(run.manifest),
        "more_tables": [name for name in ("cells", "known") if getattr(run, name) is not None],
    }


def _estimators(separation: pd.DataFrame) -> list[tuple[str, str]]:
    """(quantity in words, how it and its interval were computed), each pair once."""
    pairs = separation[["quantity", "estimator"]].drop_duplicates().sort_values(["quantity", "estimator"])
    return [(wording.words(quantity), str(estimator)) for quantity, estimator in pairs.to_numpy()]


def _provenance(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`run.json` as lines, without lists that stand in tables of their own."""
    return [
        line
        for key, value in manifest.items()
        if key not in ("models", "claim_sets", "claims_notes", "tokenization")
        for line in _lines(wording.words(key), value)
    ]


def _lines(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [
            line for key, inner in value.items() for line in _lines(f"{name}: {wording.printable(key)}", inner)
        ]
    if value is None or value == "" or value == []:
        return [(name, wording.MISSING)]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return [(name, " ".join(value))]
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))]


SECTION = Section(
    place=100,
    title="Provenance",
    contents=_contents,
    template="""
<dl>
{% for name, value in provenance %}
<dt>{{ name }}</dt><dd><bdi>{{ value | printable }}</bdi></dd>
{% endfor %}
</dl>
<details>
<summary><span class="name">Fingerprints and estimators</span>
<span class="meaning">SHA-256 of weights and recipes; how each quantity was estimated.</span></summary>
<dl>
{% for info in models %}
<dt><bdi>{{ info.name | printable }}</bdi></dt><dd><code>{{ info.fingerprint | printable or missing }}</code></dd>
{% endfor %}
{% for info in claim_sets %}
<dt><bdi>{{ info.name | printable }}</bdi></dt>
<dd><code>{{ info.recipe_sha256 | printable or missing }}</code>, seed {{ info.seed }}</dd>
{% endfor %}
{% for quantity, estimator in estimators %}
<dt>{{ quantity }}</dt><dd>{{ estimator | printable }}</dd>
{% endfor %}
</dl>
</details>
<h3>Load this run in pandas</h3>
<p class="note">The tables lie beside this page as parquet.</p>
<pre>import pandas as pd

separation = pd.read_parquet("separation.parquet")  # also: claims, scores, verdict
{%- for name in more_tables %}, {{ name }}{% endfor %}

bits = separation.query("quantity == 'bits_per_fact' and stratum == 'pooled'")
print(bits.pivot_table(index="claim_set", columns=["score", "model"], values="value"))

from bitsperfact import load_run

run = load_run(".")  # run.claims, run.scores, run.separation, run.verdict, run.manifest</pre>
""",
)
