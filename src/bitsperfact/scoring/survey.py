"""What a model's tokenizer does to a claim set: what a run must know, and tell, before anything is computed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.models import ModelInputs
from bitsperfact.scoring.claim_requests import ClaimRequests
from bitsperfact.scoring.needs import Need
from bitsperfact.scoring.reader import Settings
from bitsperfact.scoring.surveyed import NeedSurvey
from bitsperfact.scoring.surveyor import Surveyor

#: Characters of a claim that a line shows.
MOST_SHOWN = 80


@dataclass(frozen=True)
class TokenCounts:
    """What a model's tokenizer does to a claim set, as `run.json` has it; counts are of claims, examples texts.

    `precedes`: tokens before every claim. `n_merged`: claims with a token that spans the boundary of prefix and
    target. `n_moved`: claims scored from before their target, these and others of their prefix. `n_too_long`:
    claims set aside, of more than `max_tokens`. `n_unknown`: claims whose target has an unknown character.
    """

    model: str
    claim_set: str
    precedes: tuple[str, ...]
    n_claims: int
    n_merged: int
    merged_example: str
    n_moved: int
    n_too_long: int
    too_long_example: str
    max_tokens: int | None
    n_unknown: int
    unknown_example: str


@dataclass(frozen=True, eq=False)
class SetSurvey:
    """How a model reads one claim set: `needs` by name, where some request is not read as it is, and which claims,
    shape (n_claims,), are `too_long`.
    """

    needs: Mapping[str, NeedSurvey]
    too_long: NDArray[np.bool_]
    counts: TokenCounts


def survey(
    model: str, requests: ClaimRequests, needs: Iterable[Need], most: int, inputs: ModelInputs, settings: Settings
) -> SetSurvey:
    """Survey what `needs` ask a model of a claim set, in shards of `most`; raise BadInput where no claim fits."""
    surveyor = Surveyor(inputs, settings)
    found: dict[str, NeedSurvey] = {}
    too_long, merged, displaced = (np.zeros(requests.rows.n_rows, dtype=bool) for _ in range(3))
    sharded_of = [(need, requests.sharded(need, most)) for need in needs]
    surveys = surveyor.survey([(need, sharded.shards) for need, sharded in sharded_of])
    for (need, sharded), of_need in zip(sharded_of, surveys, strict=True):
        if of_need.is_plain:
            continue
        found[need.name] = of_need
        decide = np.any if need.every else np.all
        too_long |= decide(of_need.too_long[sharded.slots], axis=1)
        if need.every:
            merged |= of_need.merged[sharded.slots].any(axis=1)
            displaced |= of_need.moved[sharded.slots].any(axis=1)
    unknown, unknown_example = surveyor.unknown(requests.unlabelled)

    def example(of_claims: NDArray[np.bool_]) -> str:
        rows = np.flatnonzero(of_claims)[:1]
        texts = ["".join(requests.unlabelled.row(int(row), ["prefix", "target"])) for row in rows]
        return _shortened("".join(texts))

    counts = TokenCounts(
        model=model,
        claim_set=requests.name,
        precedes=tuple(inputs.tokenizer.convert_ids_to_tokens(surveyor.encoder.precedes)),
        n_claims=len(too_long),
        n_merged=int(merged.sum()),
        merged_example=example(merged),
        n_moved=int(displaced.sum()),
        n_too_long=int(too_long.sum()),
        too_long_example=example(too_long),
        max_tokens=inputs.max_tokens,
        n_unknown=unknown,
        unknown_example=_shortened(unknown_example),
    )
    if too_long.all():
        where = f"model {model}, claim set {requests.name}"
        raise BadInput(
            where, f"claims of at most {inputs.max_tokens} tokens", f"none, {example(too_long)!r} first"
        )
    return SetSurvey(found, too_long, counts)


def unknown_line(counts: TokenCounts) -> str:
    """Return a line on targets that a tokenizer does not know; an empty one where it knows all."""
    if not counts.n_unknown:
        return ""
    share = f"{counts.n_unknown} of {counts.n_claims} targets ({counts.n_unknown / counts.n_claims:.2g} of them)"
    where = f"model {counts.model}, claim set {counts.claim_set}"
    return f"{where}: {share} have characters unknown to the tokenizer, such as {counts.unknown_example!r}"


def lines(manifest: Mapping[str, Any]) -> list[str]:
    """Return what tokenizers did to the claims of a run, from its `run.json`; no warning is repeated."""
    found: dict[str, None] = {}  # what precedes claims is the same for all sets of a model
    for entry in manifest.get("tokenization", []):
        counts = TokenCounts(**entry)
        found[f"before every claim, {counts.model}: {' '.join(counts.precedes) or 'nothing'}"] = None
        where, of = f"{counts.model}, {counts.claim_set}", f"of {counts.n_claims} claims"
        if counts.n_moved:
            spans = f"in {counts.n_merged} of {counts.n_claims} claims a token spans prefix and target"
            since = f"{counts.n_moved} are scored from before their target, such as {counts.merged_example!r}"
            found[f"{where}: {spans}, {since}"] = None
        if counts.n_too_long:
            example = f"such as {counts.too_long_example!r}"
            too_long = f"have more than {counts.max_tokens} tokens and are set aside"
            found[f"{where}: {counts.n_too_long} {of} {too_long}, {example}"] = None
    return list(found)


def _shortened(text: str) -> str:
    """Return a text that a line can show: of a long one the beginning and the end, where its target is."""
    half = MOST_SHOWN // 2
    return text if len(text) <= MOST_SHOWN else f"{text[:half]}…{text[-half:]}"
