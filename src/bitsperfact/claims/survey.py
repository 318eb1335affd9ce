"""What must be known of all claims of a file before the first is used, from a few bytes of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bitsperfact.claims.sampling import Hashes, Mask, among, chosen_entities, questions
from bitsperfact.errors import BadInput
from bitsperfact.rows import repeated, text_hashes


@dataclass(frozen=True)
class Survey:
    """`n_facts` and `n_claims` (1, counts) of a file; `keeps` says which of its claims are chosen.

    `chosen`: the entities in the sample, as `chosen_entities` returns them; None for all.
    """

    n_facts: int
    n_claims: int
    strata: Sequence[str]
    chosen: Hashes | None

    def keeps(self, claims: pd.DataFrame) -> Mask:
        """Return facts and non-facts of the strata, of the groups that are in the sample; shape (n_claims,)."""
        kept = _in_strata(claims, self.strata)
        return kept if self.chosen is None else kept & among(claims["group"], self.chosen)


def survey(
    batches: Callable[[], Iterable[pd.DataFrame]], where: str, strata: Sequence[str], seed: int, limit: int | None
) -> Survey:
    """Read all claims once, or twice where two may be the same.

    With `limit`, whole groups are kept, in an order that `seed` alone decides, until they hold that many facts.
    Raises BadInput, naming the row, for a claim given twice or with both labels, and, naming the file, where facts
    or non-facts are missing.
    """
    hashes, labels, kept, listed = [], [], [], []
    for batch in batches():
        hashes.append(text_hashes(batch["prefix"] + batch["target"]))
        labels.append(batch["is_fact"].to_numpy(dtype=bool))
        kept.append(_in_strata(batch, strata))
        if limit is not None:
            listed.append(questions(batch["group"], batch["prefix"], labels[-1], seed))
    is_fact = np.concatenate([np.empty(0, dtype=bool), *labels])
    _refuse_repeated(batches, repeated(hashes), where)
    _check_classes(is_fact, where)
    if is_fact[np.concatenate(kept)].all():
        raise BadInput(where, f"non-facts in strata {', '.join(strata)}", "none")
    chosen = None if limit is None else chosen_entities(listed, limit)
    return Survey(int(is_fact.sum()), len(is_fact), strata, chosen)


def _in_strata(claims: pd.DataFrame, strata: Sequence[str]) -> Mask:
    return (claims["is_fact"] | claims["stratum"].isin(list(strata))).to_numpy(dtype=bool)


def _check_classes(is_fact: Mask, where: str) -> None:
    for missing, there in (("fact", is_fact.any()), ("non-fact", not is_fact.all())):
        if not there:
            raise BadInput(where, f"at least one {missing}", f"{len(is_fact)} rows, none a {missing}")


def _refuse_repeated(batches: Callable[[], Iterable[pd.DataFrame]], suspects: Hashes, where: str) -> None:
    """Look at the claims whose hash is not their own: is it the same text?"""
    if not len(suspects):
        return
    first_seen: dict[str, tuple[int, bool]] = {}
    for number, text, is_fact in _with_hash(batches(), suspects):
        earlier, was_fact = first_seen.setdefault(text, (number, is_fact))
        if earlier == number:
            continue
        if was_fact is not is_fact:
            raise BadInput(
                f"{where}, row {number}",
                f"one label for a text, as in row {earlier}",
                f"the other for {text[:60]!r}",
            )
        raise BadInput(f"{where}, row {number}", "each claim once", f"row {earlier} again: {text[:60]!r}")


def _with_hash(batches: Iterable[pd.DataFrame], wanted: Hashes) -> Iterator[tuple[int, str, bool]]:
    for batch in batches:
        texts = batch["prefix"] + batch["target"]
        for at in np.flatnonzero(np.isin(text_hashes(texts), wanted)):
            yield int(batch["row"].iloc[at]), str(texts.iloc[at]), bool(batch["is_fact"].iloc[at])
