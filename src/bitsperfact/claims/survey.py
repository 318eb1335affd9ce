"""What must be known of all claims of a file before the first is used, from a few bytes of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.rows import repeated, text_hashes

Keys = NDArray[np.uint64]
#: The key that every group has or stays below.
_ALL = np.iinfo(np.uint64).max


@dataclass(frozen=True)
class Survey:
    """`n_facts` and `n_claims` (1, counts) of a file; `keeps` says which of its claims are chosen."""

    n_facts: int
    n_claims: int
    strata: Sequence[str]
    seed: int
    last_key: int

    def keeps(self, claims: pd.DataFrame) -> NDArray[np.bool_]:
        """Facts and non-facts of the strata, of the groups that are in the sample; shape (n_claims,)."""
        kept = _in_strata(claims, self.strata)
        return kept if self.last_key == _ALL else kept & (group_keys(claims["group"], self.seed) <= self.last_key)


def survey(
    batches: Callable[[], Iterable[pd.DataFrame]], where: str, strata: Sequence[str], seed: int, limit: int | None
) -> Survey:
    """Read all claims once, or twice where two may be the same.

    With `limit`, whole groups are kept, in an order that `seed` alone decides, until they hold that many facts.
    Raises BadInput, naming the row, for a claim given twice or with both labels, and, naming the file, where facts
    or non-facts are missing.
    """
    hashes, labels, kept, keys = [], [], [], []
    for batch in batches():
        hashes.append(text_hashes(batch["prefix"] + batch["target"]))
        labels.append(batch["is_fact"].to_numpy(dtype=bool))
        kept.append(_in_strata(batch, strata))
        if limit is not None:
            keys.append(group_keys(batch["group"], seed))
    is_fact = np.concatenate([np.empty(0, dtype=bool), *labels])
    _refuse_repeated(batches, repeated(hashes), where)
    _check_classes(is_fact, where)
    in_strata = np.concatenate(kept)
    if is_fact[in_strata].all():
        raise BadInput(where, f"non-facts in strata {', '.join(strata)}", "none")
    last = _ALL if limit is None else _last_key(np.concatenate(keys)[in_strata], is_fact[in_strata], limit)
    return Survey(int(is_fact.sum()), len(is_fact), strata, seed, last)


def group_keys(groups: "pd.Series[str]", seed: int) -> Keys:
    """Where each group stands in the order of the seed: the first 64 bits of the hash that `shuffled` sorts by."""
    place, names = pd.factorize(groups.to_numpy(dtype=object))
    keys = np.array([int(sha256_of_text(str(seed), name)[:16], 16) for name in names], dtype=np.uint64)
    return np.asarray(keys[place])


def _in_strata(claims: pd.DataFrame, strata: Sequence[str]) -> NDArray[np.bool_]:
    return (claims["is_fact"] | claims["stratum"].isin(list(strata))).to_numpy(dtype=bool)


def _last_key(keys: Keys, is_fact: NDArray[np.bool_], limit: int) -> int:
    """Key of the last group that is kept: before it, groups hold fewer than `limit` facts."""
    distinct, place = np.unique(keys, return_inverse=True)
    facts = np.bincount(place, weights=is_fact)
    return int(distinct[np.cumsum(facts) - facts < limit][-1])


def _check_classes(is_fact: NDArray[np.bool_], where: str) -> None:
    for missing, there in (("fact", is_fact.any()), ("non-fact", not is_fact.all())):
        if not there:
            raise BadInput(where, f"at least one {missing}", f"{len(is_fact)} rows, none a {missing}")


def _refuse_repeated(batches: Callable[[], Iterable[pd.DataFrame]], suspects: Keys, where: str) -> None:
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


def _with_hash(batches: Iterable[pd.DataFrame], wanted: Keys) -> Iterator[tuple[int, str, bool]]:
    for batch in batches:
        texts = batch["prefix"] + batch["target"]
        for at in np.flatnonzero(np.isin(text_hashes(texts), wanted)):
            yield int(batch["row"].iloc[at]), str(texts.iloc[at]), bool(batch["is_fact"].iloc[at])
