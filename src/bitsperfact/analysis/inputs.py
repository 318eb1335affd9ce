"""Joins claims and scores (model x claim set x score), or names the claim that stands in the way.

Both tables are read in batches. What is held of a claim is its id, its entity as a number, and its labels, 26
bytes, and 8 bytes for the one score that is being measured. Texts are read where some are needed.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.analysis.sets import SetOfClaims, gathered
from bitsperfact.errors import BadInput
from bitsperfact.rows import InMemory, Rows
from bitsperfact.tables import ClaimSetInfo, ModelInfo

Info = TypeVar("Info", ClaimSetInfo, ModelInfo)


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """The scores of one model on one claim set by one score, which are in the `pieces` of the scores table.

    `sampled`: whether the model may have been asked of some of the non-facts only, chosen before it was asked;
    `partial`: whether scores of any claims may be missing.
    """

    model: ModelInfo
    claims: SetOfClaims
    score: str
    pieces: list[Rows]
    sampled: bool = False
    partial: bool = False

    def values(self) -> NDArray[np.float64]:
        """Return the scores, float64, shape (n_claims,), in the order of the set's claims; NaN where not asked.

        Raises BadInput, naming the claim, where one has no score, two, or one that is no finite number.
        """
        where = f"model {self.model.name}, claim set {self.claims.info.name}, score {self.score}"
        values = np.full(len(self.claims.ids), np.nan)
        times = np.zeros(len(values), dtype=np.int32)
        for piece in self.pieces:
            for batch in piece.batches(["model", "claim_id", "score", "value"]):
                own = batch[(batch["model"] == self.model.name) & (batch["score"] == self.score)]
                places = self.claims.find(own["claim_id"])
                found = places >= 0
                values[places[found]] = own["value"].to_numpy(dtype=np.float64, na_value=np.nan)[found]
                np.add.at(times, places[found], 1)
        for row in np.flatnonzero(times > 1)[:1]:
            raise BadInput(f"{where}, claim {self.claims.id_at(row)}", "one score", "several")
        spared = (times == 0) & (self.partial | (~self.claims.is_fact & self.sampled))
        for row in np.flatnonzero(~np.isfinite(values) & ~spared)[:1]:
            got = values[row] if times[row] else "no score"
            raise BadInput(f"{where}, claim {self.claims.id_at(row)}", "a finite score", got)
        return values


def claim_sets_of(claims: Rows, infos: list[ClaimSetInfo]) -> list[SetOfClaims]:
    """Split the claims table by set, sorted by name; raise BadInput where a set lacks rows, facts or non-facts."""
    by_name = _by_unique_name("claim set", infos)
    found = gathered(claims, list(by_name.values()))
    for each in found:
        n_facts, n = int(each.is_fact.sum()), len(each.ids)
        if not 0 < n_facts < n:
            got = f"{n_facts} facts, {n - n_facts} non-facts"
            raise BadInput(f"claim set {each.info.name}", "facts and non-facts", got)
    return found


def scores_of(scores: pd.DataFrame | Rows) -> Rows:
    """Return a scores table as rows; they are looked at one by one, so only its columns are checked here."""
    if isinstance(scores, Rows):
        return scores
    missing = [column for column in ("model", "claim_id", "score", "value") if column not in scores.columns]
    if missing:
        raise BadInput("scores", f"columns {', '.join(tables.COLUMNS['scores'])}", f"no column {missing[0]!r}")
    return InMemory("scores", scores)


def scored_sets(
    scores: Rows,
    sets: list[SetOfClaims],
    models: list[ModelInfo],
    trained: Collection[str] = (),
    *,
    partial: bool = False,
) -> list[ScoredSet]:
    """Return one entry per score that a model has on a set, sorted by set, model and score.

    `trained`: models that the run trained, which are asked of their own sets alone, and of non-facts in number as
    they need. `partial`: models may have scores of some sets, and of some of a set's claims. Raises BadInput where
    a score is of an unknown model or claim, and where another model has no score at all on a set.
    """
    by_name = _by_unique_name("model", models)
    pieces: dict[tuple[int, str, str], list[Rows]] = {}
    for piece in scores.pieces():
        for key in dict.fromkeys(_keys(piece, sets, by_name)):
            pieces.setdefault(key, []).append(piece)
    scored = {(number, model) for number, model, _ in pieces}
    for number, each in enumerate(sets):
        for name in by_name:
            if (number, name) not in scored and name not in trained and not partial:
                raise BadInput(f"model {name}, claim set {each.info.name}", "scores", "none")
    return [
        ScoredSet(by_name[model], sets[number], score, pieces[number, model, score], model in trained, partial)
        for number, model, score in sorted(pieces)
    ]


def _keys(piece: Rows, sets: list[SetOfClaims], models: dict[str, ModelInfo]) -> Iterator[tuple[int, str, str]]:
    """Which set (by its number), model and score the rows of a piece are of."""
    for batch in piece.batches(["model", "claim_id", "score"]):
        for name in batch["model"][~batch["model"].isin(list(models))].head(1):
            raise BadInput("scores", f"one of the models {', '.join(models)}", repr(name))
        number = np.full(len(batch), -1)
        # Rows of one set mostly stand together: one claim says which set to look through.
        while (left := np.flatnonzero(number < 0)).size:
            ids = batch["claim_id"].iloc[left]
            holding = (at for at, each in enumerate(sets) if each.find(ids.iloc[:1])[0] >= 0)
            if (at := next(holding, None)) is None:
                row = batch.iloc[left[0]]
                where = f"scores, model {row['model']}, score {row['score']}"
                raise BadInput(where, "a known claim", f"claim {row['claim_id']!r}")
            number[left[sets[at].find(ids) >= 0]] = at
        distinct = batch[["model", "score"]].assign(number=number).drop_duplicates()
        for row in distinct.itertuples():
            yield int(str(row.number)), str(row.model), str(row.score)


def _by_unique_name(kind: str, infos: Iterable[Info]) -> dict[str, Info]:
    by_name: dict[str, Info] = {}
    for info in sorted(infos, key=lambda info: info.name):
        if info.name in by_name:
            raise BadInput(f"{kind} {info.name}", "each name once", "twice")
        by_name[info.name] = info
    if not by_name:
        raise BadInput("analysis", f"at least one {kind}", "none")
    return by_name
