"""What must be known of all claims of a file before the first is used, from a few bytes of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.claims.notes import Note
from bitsperfact.claims.sampling import Hashes, Mask, among, chosen_entities, questions
from bitsperfact.errors import BadInput
from bitsperfact.rows import repeated, text_hashes


@dataclass(frozen=True)
class Survey:
    """`n_facts` and `n_claims` (1, counts) of a file; `keeps` says which of its claims are chosen.

    `chosen`: the entities in the sample, as `chosen_entities` returns them; None for all. `again`: numbers of the
    rows that repeat an earlier claim with its label, sorted; they are in no count. `notes` tell of them.
    """

    n_facts: int
    n_claims: int
    strata: Sequence[str]
    chosen: Hashes | None
    again: NDArray[np.int64]
    notes: tuple[Note, ...]

    def keeps(self, claims: pd.DataFrame) -> Mask:
        """Return facts and non-facts of the strata, of the groups that are in the sample; shape (n_claims,)."""
        kept = _in_strata(claims, self.strata) & ~np.isin(claims["row"], self.again)
        return kept if self.chosen is None else kept & among(claims["group"], self.chosen)


def survey(
    batches: Callable[[], Iterable[pd.DataFrame]], where: str, strata: Sequence[str], seed: int, limit: int | None
) -> Survey:
    """Read all claims twice, or three times where two may be the same.

    With `limit`, whole groups are kept, in an order that `seed` alone decides, until they hold that many facts.
    Raises BadInput, naming the row, for a claim with both labels, or given twice for entities or in strata that
    differ, and, naming the file, where facts or non-facts are missing.
    """
    suspects = repeated(text_hashes(batch["prefix"] + batch["target"]) for batch in batches())
    again, example = _again(batches, suspects, where)
    labels, kept, listed = [], [], []
    for batch in batches():
        batch = batch[~np.isin(batch["row"], again)]
        labels.append(batch["is_fact"].to_numpy(dtype=bool))
        kept.append(_in_strata(batch, strata))
        if limit is not None:
            listed.append(questions(batch["group"], batch["prefix"], labels[-1], seed))
    is_fact = np.concatenate([np.empty(0, dtype=bool), *labels])
    _check_classes(is_fact, where)
    if is_fact[np.concatenate(kept)].all():
        raise BadInput(where, f"non-facts in strata {', '.join(strata)}", "none")
    chosen = None if limit is None else chosen_entities(listed, limit)
    notes = (Note("rows that repeat a claim", len(again), example),) if len(again) else ()
    return Survey(int(is_fact.sum()), len(is_fact), strata, chosen, again, notes)


def _in_strata(claims: pd.DataFrame, strata: Sequence[str]) -> Mask:
    return (claims["is_fact"] | claims["stratum"].isin(list(strata))).to_numpy(dtype=bool)


def _check_classes(is_fact: Mask, where: str) -> None:
    for missing, there in (("fact", is_fact.any()), ("non-fact", not is_fact.all())):
        if not there:
            raise BadInput(where, f"at least one {missing}", f"{len(is_fact)} rows, none a {missing}")


def _again(
    batches: Callable[[], Iterable[pd.DataFrame]], suspects: Hashes, where: str
) -> tuple[NDArray[np.int64], str]:
    """Return the rows that repeat a claim, with an example: the same text among claims that share a hash."""
    first_seen: dict[str, tuple[int, tuple[bool, str, str]]] = {}
    again, example = [], ""
    for number, text, is_fact, group, prefix in _with_hash(batches(), suspects) if len(suspects) else ():
        earlier, before = first_seen.setdefault(text, (number, (is_fact, group, prefix)))
        if earlier == number:
            continue
        if before[0] is not is_fact:
            got = f"the other for {text[:60]!r}"
            raise BadInput(f"{where}, row {number}", f"one label for a text, as in row {earlier}", got)
        if before != (is_fact, group, prefix):
            got = f"row {earlier} again, of another entity or split elsewhere: {text[:60]!r}"
            raise BadInput(f"{where}, row {number}", "each claim once", got)
        again.append(number)
        example = example or f"row {number} is row {earlier} again: {text[:60]!r}"
    return np.array(again, dtype=np.int64), example


def _with_hash(batches: Iterable[pd.DataFrame], wanted: Hashes) -> Iterator[tuple[int, str, bool, str, str]]:
    for batch in batches:
        texts = batch["prefix"] + batch["target"]
        for at in np.flatnonzero(np.isin(text_hashes(texts), wanted)):
            row = batch.iloc[at]
            yield int(row["row"]), str(texts.iloc[at]), bool(row["is_fact"]), row["group"], row["prefix"]
