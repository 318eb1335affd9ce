"""One claim set as columns: what analysis holds of every claim, without a text."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.rows import Rows, text_hashes
from bitsperfact.tables import NONFACT_STRATA, POOLED, ClaimSetInfo

#: Entities are numbered in the order of their names; more than these in the order of their hashes.
MOST_NAMES = 1 << 18
_PART = 1 << 18


@dataclass(frozen=True, eq=False)
class SetOfClaims:
    """One claim set: columns of shape (n_claims,), by claim_id, so that no result depends on the order of rows.

    `ids`: bytes, increasing. `stratum`: place in `NONFACT_STRATA`, -1 for none of these. `groups`: the entity, a
    number from 0. `questions`: the question, an entity with a prefix, a number from 0. `rows`: the claims table,
    which has the texts, where they are known (`has_text`): a claim with an empty target is known by its id alone.
    """

    info: ClaimSetInfo
    rows: Rows
    ids: NDArray[np.bytes_]
    is_fact: NDArray[np.bool_]
    stratum: NDArray[np.int8]
    groups: NDArray[np.int32]
    questions: NDArray[np.int32]
    has_text: bool

    def strata(self) -> dict[str, NDArray[np.bool_]]:
        """Return rows of each non-fact stratum present, and of all as `pooled`; masks of shape (n_claims,)."""
        present = {name: (self.stratum == place) & ~self.is_fact for place, name in enumerate(NONFACT_STRATA)}
        return {name: rows for name, rows in present.items() if rows.any()} | {POOLED: ~self.is_fact}

    def find(self, claim_ids: "pd.Series[Any]") -> NDArray[np.intp]:
        """Find where these claims stand in the set, shape (len(claim_ids),); -1 for claims not of the set."""
        sought = _bytes(claim_ids)
        order = np.argsort(sought)  # neighbours are near each other in memory
        places = np.empty(len(sought), dtype=np.intp)
        places[order] = np.minimum(np.searchsorted(self.ids, sought[order]), len(self.ids) - 1)
        places[self.ids[places] != sought] = -1
        return places

    def id_at(self, row: int) -> str:
        """Return a claim's id."""
        return bytes(self.ids[row]).decode()

    def texts(self, chosen: NDArray[np.bool_]) -> pd.DataFrame:
        """Return columns group, prefix, target and is_fact of the chosen claims (a mask), in the set's order."""
        parts = []
        for batch in self.rows.batches(["claim_id", "claim_set", "group", "prefix", "target", "is_fact"]):
            own = batch[batch["claim_set"] == self.info.name]
            places = self.find(own["claim_id"])
            parts.append(own.assign(place=places)[chosen[places]])
        together = pd.concat(parts).sort_values("place", ignore_index=True)
        return together[["group", "prefix", "target", "is_fact"]]


class _Columns:
    """Columns of one set of `n` claims in the making; `names` of entities by hash, None once they are too many."""

    def __init__(self, n: int) -> None:
        self._end = 0
        self._ids = np.empty(n, dtype="S20")
        self._is_fact = np.empty(n, dtype=bool)
        self._stratum = np.empty(n, dtype=np.int8)
        self._groups = np.empty(n, dtype=np.uint64)
        self._questions = np.empty(n, dtype=np.uint64)
        self._names: dict[int, str] | None = {}
        self._has_text = True

    def add(self, claims: pd.DataFrame) -> None:
        here = slice(self._end, self._end + len(claims))
        self._end += len(claims)
        ids, hashes = _bytes(claims["claim_id"]), text_hashes(claims["group"])
        if ids.dtype.itemsize > self._ids.dtype.itemsize:
            self._ids = self._ids.astype(ids.dtype)
        self._ids[here], self._groups[here] = ids, hashes
        self._questions[here] = text_hashes(claims["group"], claims["prefix"])
        self._has_text = self._has_text and bool((claims["target"] != "").all())
        self._is_fact[here] = claims["is_fact"]
        self._stratum[here] = pd.Index(NONFACT_STRATA).get_indexer(pd.Index(claims["stratum"]))
        if self._names is not None:
            first = np.unique(hashes, return_index=True)[1]
            self._names.update(zip(hashes[first].tolist(), claims["group"].iloc[first], strict=True))
            if len(self._names) > MOST_NAMES:
                self._names = None

    def as_set(self, info: ClaimSetInfo, rows: Rows) -> SetOfClaims:
        groups = _numbered(self._groups, self._names)
        del self._groups
        questions = _numbered(self._questions, None)
        del self._questions
        order = np.argsort(self._ids, kind="stable")
        ids, is_fact, stratum = self._ids[order], self._is_fact[order], self._stratum[order]
        return SetOfClaims(info, rows, ids, is_fact, stratum, groups[order], questions[order], self._has_text)


def _numbered(hashes: NDArray[np.uint64], names: dict[int, str] | None) -> NDArray[np.int32]:
    """Numbers in the order of `names`, or of the hashes; in parts: a whole inverse would be larger than all."""
    distinct = np.unique(hashes)
    numbers = np.arange(len(distinct), dtype=np.int32)
    if names is not None:
        rank = {name: number for number, name in enumerate(sorted(names.values()))}
        numbers = np.array([rank[names[key]] for key in distinct.tolist()], dtype=np.int32)
    numbered = np.empty(len(hashes), dtype=np.int32)
    for start in range(0, len(numbered), _PART):
        part = slice(start, start + _PART)
        numbered[part] = numbers[np.searchsorted(distinct, hashes[part])]
    return numbered


def gathered(claims: Rows, infos: list[ClaimSetInfo]) -> list[SetOfClaims]:
    """Read the claims of each set; raise BadInput where a set has none, or a claim is of none."""
    counts: Counter[str] = Counter()
    for batch in claims.batches(["claim_set"]):
        for name, n in batch["claim_set"].value_counts().items():
            counts[str(name)] += int(n)
    names = [info.name for info in infos]
    for name in sorted(counts.keys() - set(names)):
        raise BadInput("claims", f"one of the claim sets {', '.join(names)}", repr(name))
    columns = {name: _Columns(counts[name]) for name in names}
    for batch in claims.batches(["claim_id", "claim_set", "group", "prefix", "target", "is_fact", "stratum"]):
        for of_set, part in batch.groupby("claim_set", sort=False):
            columns[str(of_set)].add(part)
    return [columns.pop(info.name).as_set(info, claims) for info in infos]


def _bytes(texts: "pd.Series[Any]") -> NDArray[np.bytes_]:
    """UTF-8, whose order is that of the texts."""
    return np.asarray(np.char.encode(texts.to_numpy(dtype=str), "utf-8"))
