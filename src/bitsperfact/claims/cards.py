"""Cards: what a claim set holds and how it was made, for the Hub and for readers."""

from dataclasses import asdict

import pandas as pd

from bitsperfact import tables
from bitsperfact.claims.claimset import ClaimSet
from bitsperfact.claims.files.infos import KEY
from bitsperfact.claims.loading import census
from bitsperfact.claims.recipes import Recipe, names, recipe
from bitsperfact.tables import ClaimSetInfo

_HUB_LICENCES = {"MIT": "mit", "Apache-2.0": "apache-2.0"}
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_STRATA = {
    "fact": "true",
    "derangement": "true of another entity, false of this one",
    "fresh": "of the same shape as the truth, true of nothing in the set",
    "near": "the truth with one small change",
    "given": "false statements that came with the source",
}
_COLUMNS = {
    "claim_id": "hash of claim_set, prefix and target",
    "claim_set": "name of the set",
    "group": "the entity; claims of one entity belong together when resampling",
    "prefix": "beginning of the claim",
    "target": "rest of the claim, with its leading space",
    "is_fact": "whether the claim is true",
    "grade": "how true, 0 to 1",
    "stratum": "how the row was made (below)",
    "source": "where its truth comes from",
}
assert list(_COLUMNS) == list(tables.COLUMNS["claims"])


def card(claim_set: ClaimSet) -> str:
    """Return a Hub data-set card, markdown under a YAML header: licence, counts, strata, columns and making."""
    info, frame = claim_set.info, claim_set.frame
    counts = frame["stratum"].value_counts()
    spread = {name: _per_fact(frame, name) for name in counts.index}
    sources = ", ".join(sorted(set(frame["source"]))[:3])
    strata = "\n".join(
        f"| {name} | {counts[name]:,} | {spread[name]} | {text} |"
        for name, text in _STRATA.items()
        if name in counts
    )
    columns = "\n".join(f"| {name} | {text} |" for name, text in _COLUMNS.items())
    return f"""{_header(claim_set)}
# {info.name}

{info.description}

A claim's text is `prefix + target`. Source of the truth: {sources}. Licence: {info.licence}.

| | |
| --- | --- |
| facts in the whole set, n | {info.n_facts:,} |
| plausible claims, u | {info.universe_size:,} |
| p = n/u | {info.p:.3g} |
| rows here | {len(frame):,} |
| facts here | {int(frame["is_fact"].sum()):,} |
| control | {info.control} |
| answers' shares, facts against deranged non-facts, differ at most by a factor of | {_ratio(info)} |

| stratum | rows | per fact | what |
| --- | --- | --- | --- |
{strata}

| column | what |
| --- | --- |
{columns}
{_left_out(claim_set)}
Made with bitsperfact (`bitsperfact.claims.load`), seed {info.seed}, recipe SHA-256 `{info.recipe_sha256}`,
fingerprint `{claim_set.fingerprint}`.
"""


def _left_out(claim_set: ClaimSet) -> str:
    """Return what of the source is no claim, one line a reason; nothing where all is."""
    if not claim_set.notes:
        return ""
    return "\nOf the source:\n\n" + "".join(f"- {note}\n" for note in claim_set.notes)


def _per_fact(frame: pd.DataFrame, stratum: str) -> str:
    """Claims of a stratum per fact of an entity; where they run out for some, the least, the most and how many."""
    facts = frame[frame["is_fact"]].groupby("group").size()
    made = frame[frame["stratum"] == stratum].groupby("group").size().reindex(facts.index, fill_value=0) / facts
    least, most = made.min(), made.max()
    if least == most:
        return f"{most:.3g}"
    return f"{least:.3g} to {most:.3g}: fewer than {most:.3g} for {int((made < most).sum()):,} of {len(made):,}"


def _ratio(info: ClaimSetInfo) -> str:
    return "none are deranged" if info.answer_ratio is None else f"{info.answer_ratio:.3g}"


def overview() -> str:
    """Return a markdown table of all packaged sets: u, n, p, strata, licence; sets of the Hub without counts."""
    head = (
        "| set | n | u | p = n/u | strata | control | universe counts | source | licence |\n"
        + "| --- " * 9
        + "|\n"
    )
    return head + "".join(_overview_row(recipe(name)) for name in names())


def _overview_row(chosen: Recipe) -> str:
    if "path" in chosen.options:
        counts, source = "| | |", f"Hub: {chosen.options['path']}"
    else:
        n_facts, size = census(chosen)
        counts, source = (
            f"{n_facts:,} | {size:,} | {n_facts / size:.2g} |",
            ", ".join(chosen.packages) or "made up",
        )
    rest = " | ".join((", ".join(chosen.strata), chosen.control, chosen.universe, source, chosen.licence))
    return f"| {chosen.name} | {counts} {rest} |\n"


def _header(claim_set: ClaimSet) -> str:
    import yaml

    info = claim_set.info
    hub_licence = _HUB_LICENCES.get(info.licence)
    licence = {"license": hub_licence} if hub_licence else {"license": "other", "license_name": info.licence}
    rows = len(claim_set.frame)
    header = {
        **licence,
        "pretty_name": f"bitsperfact {info.name}",
        "size_categories": [next((name for most, name in _SIZES if rows < most), "n>10M")],
        "task_categories": ["text-classification"],
        "tags": ["bitsperfact", "factuality", "hallucination"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}],
        KEY: asdict(info),
    }
    return f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---"
