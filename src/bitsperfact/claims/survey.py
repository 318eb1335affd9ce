"""What must be known of all claims of a file before the first is used, from a few bytes of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.claims.notes import Note, Tally
from bitsperfact.claims.sampling import Hashes, Mask, among, chosen_entities, questions
from bitsperfact.errors import BadInput
from bitsperfact.rows import repeated, text_hashes

#: Texts with both labels, as a share of the rows, up to which they are left out: published sets have 1 in 3,000,
#: and a file with more has its labels or texts mixed up.
MOST_CONTRADICTIONS = 0.005


@dataclass(frozen=True)
class Survey:
    """`n_facts` and `n_claims` (1, counts) of a file; `keeps` says which of its claims are chosen.

    `chosen`: the entities in the sample, as `chosen_entities` returns them; None for all. `again`: numbers of the
    rows that repeat an earlier claim, or have a text of both labels; they are in no count. `notes` tell of them.
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
    Raises BadInput, naming the row, for a claim given twice for different entities, or where more than a few have
    both labels, and, naming the file, where facts or non-facts are missing.
    """
    suspects = repeated(text_hashes(batch["prefix"] + batch["target"]) for batch in batches())
    again, notes = _again(batches, suspects, where)
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
    return Survey(int(is_fact.sum()), len(is_fact), strata, chosen, again, notes)


def _in_strata(claims: pd.DataFrame, strata: Sequence[str]) -> Mask:
    return (claims["is_fact"] | claims["stratum"].isin(list(strata))).to_numpy(dtype=bool)


def _check_classes(is_fact: Mask, where: str) -> None:
    for missing, there in (("fact", is_fact.any()), ("non-fact", not is_fact.all())):
        if not there:
            raise BadInput(where, f"at least one {missing}", f"{len(is_fact)} rows, none a {missing}")


def _again(
    batches: Callable[[], Iterable[pd.DataFrame]], suspects: Hashes, where: str
) -> tuple[NDArray[np.int64], tuple[Note, ...]]:
    """Return the rows that are no claims of their own: the same text among those that share a hash."""
    if not len(suspects):
        return np.empty(0, dtype=np.int64), ()
    rows: dict[str, list[tuple[int, bool]]] = {}
    first: dict[str, tuple[str, str]] = {}
    for number, text, is_fact, group, prefix in _with_hash(batches(), suspects):
        rows.setdefault(text, []).append((number, is_fact))
        if first.setdefault(text, (group, prefix)) != (group, prefix) and len({f for _, f in rows[text]}) == 1:
            got = f"row {rows[text][0][0]} again, of another entity or split elsewhere: {text[:60]!r}"
            raise BadInput(f"{where}, row {number}", "each claim once", got)
    both = {text: found for text, found in rows.items() if len({is_fact for _, is_fact in found}) == 2}
    if both:
        _refuse_many(both, sum(len(batch) for batch in batches()), where)
    again, tally = [], Tally()
    for text, found in rows.items():
        numbers = [number for number, _ in found]
        for number in numbers if text in both else numbers[1:]:
            again.append(number)
            reason = "rows left out: a text with both labels" if text in both else "rows that repeat a claim"
            tally.add(reason, f"row {numbers[1]} is row {numbers[0]} again: {text[:60]!r}")
    return np.array(again, dtype=np.int64), tally.notes


def _refuse_many(both: dict[str, list[tuple[int, bool]]], n_rows: int, where: str) -> None:
    """Raise BadInput where texts with both labels are more than a slip or two of a long list."""
    if len(both) <= MOST_CONTRADICTIONS * n_rows:
        return
    text, found = next(iter(both.items()))
    earlier, was_fact = found[0]
    number = next(number for number, is_fact in found if is_fact is not was_fact)
    expected = f"one label for a text, as in row {earlier}"
    raise BadInput(f"{where}, row {number}", expected, f"the other for {text[:60]!r} ({len(both)} such texts)")


def _with_hash(batches: Iterable[pd.DataFrame], wanted: Hashes) -> Iterator[tuple[int, str, bool, str, str]]:
    for batch in batches:
        batch = batch.assign(text=batch["prefix"] + batch["target"])
        found = batch[np.isin(text_hashes(batch["text"]), wanted)]
        columns = (found[name].tolist() for name in ("row", "text", "is_fact", "group", "prefix"))
        yield from zip(*columns, strict=True)
