"""One claim set as columns: what analysis holds of every claim, without a text."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.rows import Rows, text_hashes
from bitsperfact.tables import NONFACT_STRATA, POOLED, ClaimSetInfo

#: Entities are numbered in the order of their names; more than these in the order of their hashes.
MOST_NAMES = 1 << 18


@dataclass(frozen=True, eq=False)
class SetOfClaims:
    """One claim set: columns of shape (n_claims,), by claim_id, so that no result depends on the order of rows.

    `ids`: bytes, increasing. `stratum`: place in `NONFACT_STRATA`, -1 for none of these. `groups`: the entity, a
    number from 0. `rows`: the claims table, which has the texts.
    """

    info: ClaimSetInfo
    rows: Rows
    ids: NDArray[np.bytes_]
    is_fact: NDArray[np.bool_]
    stratum: NDArray[np.int8]
    groups: NDArray[np.int32]

    def strata(self) -> dict[str, NDArray[np.bool_]]:
        """Rows of each non-fact stratum present, and of all non-facts as `pooled`; masks of shape (n_claims,)."""
        present = {name: (self.stratum == place) & ~self.is_fact for place, name in enumerate(NONFACT_STRATA)}
        return {name: rows for name, rows in present.items() if rows.any()} | {POOLED: ~self.is_fact}

    def find(self, claim_ids: "pd.Series[Any]") -> NDArray[np.intp]:
        """Where these claims stand in the set, shape (len(claim_ids),); -1 for claims of no or another set."""
        sought = _bytes(claim_ids)
        order = np.argsort(sought)  # neighbours are near each other in memory
        places = np.empty(len(sought), dtype=np.intp)
        places[order] = np.minimum(np.searchsorted(self.ids, sought[order]), len(self.ids) - 1)
        places[self.ids[places] != sought] = -1
        return places

    def id_at(self, row: int) -> str:
        """A claim's id."""
        return bytes(self.ids[row]).decode()

    def texts(self, chosen: NDArray[np.bool_]) -> pd.DataFrame:
        """Columns group, prefix, target and is_fact of the chosen claims (a mask), in the order of the set."""
        parts = []
        for batch in self.rows.batches(["claim_id", "claim_set", "group", "prefix", "target", "is_fact"]):
            own = batch[batch["claim_set"] == self.info.name]
            places = self.find(own["claim_id"])
            parts.append(own.assign(place=places)[chosen[places]])
        together = pd.concat(parts).sort_values("place", ignore_index=True)
        return together[["group", "prefix", "target", "is_fact"]]


@dataclass
class _Columns:
    """Columns of one set in the making; `names` of entities by their hash, None once they are too many."""

    ids: list[NDArray[np.bytes_]] = field(default_factory=list)
    is_fact: list[NDArray[np.bool_]] = field(default_factory=list)
    stratum: list[NDArray[np.int8]] = field(default_factory=list)
    groups: list[NDArray[np.uint64]] = field(default_factory=list)
    names: dict[int, str] | None = field(default_factory=dict)

    def add(self, claims: pd.DataFrame) -> None:
        self.ids.append(_bytes(claims["claim_id"]))
        self.is_fact.append(claims["is_fact"].to_numpy(dtype=bool))
        self.stratum.append(pd.Index(NONFACT_STRATA).get_indexer(pd.Index(claims["stratum"])).astype(np.int8))
        hashes = text_hashes(claims["group"])
        self.groups.append(hashes)
        if self.names is not None:
            first = np.unique(hashes, return_index=True)[1]
            self.names.update(zip(hashes[first].tolist(), claims["group"].iloc[first], strict=True))
            if len(self.names) > MOST_NAMES:
                self.names = None

    def as_set(self, info: ClaimSetInfo, rows: Rows) -> SetOfClaims:
        if not self.ids:
            raise BadInput(f"claim set {info.name}", "facts and non-facts", "0 facts, 0 non-facts")
        ids = np.concatenate(self.ids)
        order = np.argsort(ids, kind="stable")
        return SetOfClaims(
            info,
            rows,
            ids[order],
            np.concatenate(self.is_fact)[order],
            np.concatenate(self.stratum)[order],
            self._numbered()[order],
        )

    def _numbered(self) -> NDArray[np.int32]:
        distinct, place = np.unique(np.concatenate(self.groups), return_inverse=True)
        if self.names is None:
            return place.astype(np.int32)
        rank = {name: number for number, name in enumerate(sorted(self.names.values()))}
        numbers = np.array([rank[self.names[key]] for key in distinct.tolist()], dtype=np.int32)
        return np.asarray(numbers[place])


def gathered(claims: Rows, infos: list[ClaimSetInfo]) -> list[SetOfClaims]:
    """Read the claims of each set; raise BadInput where a set has none, or a claim is of none."""
    columns = {info.name: _Columns() for info in infos}
    for batch in claims.batches(["claim_id", "claim_set", "group", "is_fact", "stratum"]):
        for name, part in batch.groupby("claim_set", sort=True):
            if name not in columns:
                raise BadInput("claims", f"one of the claim sets {', '.join(columns)}", repr(name))
            columns[str(name)].add(part)
    return [columns.pop(info.name).as_set(info, claims) for info in infos]


def _bytes(texts: "pd.Series[Any]") -> NDArray[np.bytes_]:
    """UTF-8, whose order is that of the texts."""
    return np.asarray(np.char.encode(texts.to_numpy(dtype=str), "utf-8"))
