"""The claims that a report draws: all of them, or a sample where they are many."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.rows import Rows, text_hashes
from bitsperfact.runs import Run
from bitsperfact.tables import COLUMNS

#: Claims of one set whose scores are drawn, and among which examples are sought.
MOST_CLAIMS = 100_000


@dataclass(frozen=True)
class Counts:
    """Numbers (1) of facts and of non-facts, and of claims that are `drawn`."""

    facts: int
    nonfacts: int
    drawn: int


@dataclass(frozen=True)
class DrawnClaims:
    """`claims`: rows of the claims table; `counts` by claim set, in the table's order."""

    claims: pd.DataFrame
    counts: dict[str, Counts]


def drawn_claims(run: Run) -> DrawnClaims:
    """Return all claims of a run, or of each larger set the `MOST_CLAIMS` whose ids have the lowest hashes.

    The ids are hashes of the claims' texts, so these are claims at random, and the same ones each time.
    """
    rows = run.rows("claims")
    highest = {name: _highest(hashes) for name, hashes in _hashes(rows).items()}
    counts: dict[str, Counts] = {}
    parts = [tables.empty("claims")]
    for batch in rows.batches(list(COLUMNS["claims"])):
        for name, part in batch.groupby("claim_set", sort=False):
            drawn = part[text_hashes(part["claim_id"]) <= highest[str(name)]]
            before = counts.get(str(name), Counts(0, 0, 0))
            n_facts = int(part["is_fact"].sum())
            counts[str(name)] = Counts(
                before.facts + n_facts, before.nonfacts + len(part) - n_facts, before.drawn + len(drawn)
            )
            parts.append(drawn)
    return DrawnClaims(pd.concat(parts, ignore_index=True), counts)


def drawn_scores(run: Run, claims: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of these claims, with claim_set, is_fact and stratum beside each."""
    about = claims[["claim_set", "is_fact", "stratum"]].reset_index(drop=True)
    # One table of hashes for all batches: a merge would make one of all claims for each.
    places = pd.Index(text_hashes(claims["claim_id"]))

    def joined(batch: pd.DataFrame) -> pd.DataFrame:
        at = places.get_indexer(pd.Index(text_hashes(batch["claim_id"])))
        kept = batch[at >= 0].reset_index(drop=True)
        return pd.concat([kept, about.iloc[at[at >= 0]].reset_index(drop=True)], axis=1)

    batches = run.rows("scores").batches(list(COLUMNS["scores"]))
    return pd.concat([joined(tables.empty("scores")), *map(joined, batches)], ignore_index=True)


def _hashes(rows: Rows) -> dict[str, NDArray[np.uint64]]:
    """Hashes of the claim ids, by claim set."""
    found: dict[str, list[NDArray[np.uint64]]] = {}
    for batch in rows.batches(["claim_id", "claim_set"]):
        for name, part in batch.groupby("claim_set", sort=False):
            found.setdefault(str(name), []).append(text_hashes(part["claim_id"]))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _highest(hashes: NDArray[np.uint64]) -> int:
    if len(hashes) <= MOST_CLAIMS:
        return int(np.iinfo(np.uint64).max)
    return int(np.partition(hashes, MOST_CLAIMS - 1)[MOST_CLAIMS - 1])
