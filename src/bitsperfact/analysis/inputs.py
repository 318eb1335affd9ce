"""Joins claims and scores into cells (model x claim set x score), or names the claim that stands in the way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.errors import BadInput
from bitsperfact.tables import NONFACT_STRATA, POOLED, ClaimSetInfo, ModelInfo

Info = TypeVar("Info", ClaimSetInfo, ModelInfo)


@dataclass(frozen=True)
class Cell:
    """The scores of one model on one claim set by one score: `values`, float64, in the order of its claims."""

    model: ModelInfo
    claim_set: str
    score: str
    values: NDArray[np.float64]


@dataclass(frozen=True)
class SetOfClaims:
    """One claim set: its metadata and its rows, sorted by claim_id so that no result depends on their order."""

    info: ClaimSetInfo
    claims: pd.DataFrame

    def strata(self) -> dict[str, NDArray[np.bool_]]:
        """Rows of each non-fact stratum present, and of all non-facts as `pooled`; masks of shape (n_claims,)."""
        stratum, is_fact = self.claims["stratum"].to_numpy(dtype=str), self.is_fact
        present = {name: (stratum == name) & ~is_fact for name in NONFACT_STRATA}
        return {name: rows for name, rows in present.items() if rows.any()} | {POOLED: ~is_fact}

    @property
    def is_fact(self) -> NDArray[np.bool_]:
        """Which rows are facts, shape (n_claims,)."""
        return self.claims["is_fact"].to_numpy(dtype=bool)

    @property
    def groups(self) -> NDArray[np.str_]:
        """The entity of each row, shape (n_claims,)."""
        return self.claims["group"].to_numpy(dtype=str)


def claim_sets_of(claims: pd.DataFrame, infos: list[ClaimSetInfo]) -> list[SetOfClaims]:
    """Split the claims table by set, sorted by name; raise BadInput where a set lacks rows, facts or non-facts."""
    claims = tables.check("claims", claims, "claims")
    by_name = _by_unique_name("claim set", infos)
    for name in sorted(set(claims["claim_set"]) - set(by_name)):
        raise BadInput("claims", f"one of the claim sets {', '.join(by_name)}", repr(name))
    found = []
    for name, info in by_name.items():
        rows = claims[claims["claim_set"] == name].sort_values("claim_id").reset_index(drop=True)
        n_facts = int(rows["is_fact"].sum())
        if not 0 < n_facts < len(rows):
            raise BadInput(
                f"claim set {name}", "facts and non-facts", f"{n_facts} facts, {len(rows) - n_facts} non-facts"
            )
        found.append(SetOfClaims(info, rows))
    return found


def cells_of(scores: pd.DataFrame, sets: list[SetOfClaims], models: list[ModelInfo]) -> Iterator[Cell]:
    """Yield a cell per score that a model has on a set, sorted by set, model and score.

    Raises BadInput, naming model, set and claim, where a claim has no score, two, or one that is no finite number,
    where a score is of an unknown model or claim, and where a model has no score at all on a set.
    """
    by_name = _by_unique_name("model", models)
    joined = _joined(scores, sets, by_name)
    scored = set(zip(joined["claim_set"], joined["model"], strict=True))
    for each in sets:
        for name in by_name:
            if (each.info.name, name) not in scored:
                raise BadInput(f"model {name}, claim set {each.info.name}", "scores", "none")
    claims_of = {each.info.name: each.claims for each in sets}
    for key, part in joined.groupby(["claim_set", "model", "score"], sort=True):
        claim_set, name, score = map(str, key)
        values = _complete(part, claims_of[claim_set], f"model {name}, claim set {claim_set}, score {score}")
        yield Cell(by_name[name], claim_set, score, values)


def _by_unique_name(kind: str, infos: Iterable[Info]) -> dict[str, Info]:
    by_name: dict[str, Info] = {}
    for info in sorted(infos, key=lambda info: info.name):
        if info.name in by_name:
            raise BadInput(f"{kind} {info.name}", "each name once", "twice")
        by_name[info.name] = info
    if not by_name:
        raise BadInput("analysis", f"at least one {kind}", "none")
    return by_name


def _joined(scores: pd.DataFrame, sets: list[SetOfClaims], models: dict[str, ModelInfo]) -> pd.DataFrame:
    missing = [column for column in ("model", "claim_id", "score", "value") if column not in scores.columns]
    if missing:
        raise BadInput("scores", f"columns {', '.join(tables.COLUMNS['scores'])}", f"no column {missing[0]!r}")
    known = pd.concat([each.claims[["claim_id", "claim_set"]] for each in sets])
    joined = scores[["model", "claim_id", "score", "value"]].merge(known, on="claim_id", how="left")
    for row in joined[~joined["model"].isin(models)].head(1).itertuples():
        raise BadInput("scores", f"one of the models {', '.join(models)}", repr(row.model))
    for row in joined[joined["claim_set"].isna()].head(1).itertuples():
        raise BadInput(f"scores, model {row.model}, score {row.score}", "a known claim", f"claim {row.claim_id!r}")
    return joined


def _complete(part: pd.DataFrame, claims: pd.DataFrame, where: str) -> NDArray[np.float64]:
    """The part's values in the order of the claims."""
    twice = part.loc[part["claim_id"].duplicated(), "claim_id"]
    if len(twice):
        raise BadInput(f"{where}, claim {twice.min()}", "one score", "several")
    values: pd.Series = part.set_index("claim_id")["value"].reindex(claims["claim_id"])
    aligned = values.to_numpy(dtype=np.float64, na_value=np.nan)
    for row in np.flatnonzero(~np.isfinite(aligned))[:1]:
        claim = claims["claim_id"].iloc[row]
        got = aligned[row] if claim in set(part["claim_id"]) else "no score"
        raise BadInput(f"{where}, claim {claim}", "a finite score", got)
    return aligned
