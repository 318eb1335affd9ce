"""Rows of scores to what a run holds: claims, scores, claim sets, models, and what has to be known of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
import pandas as pd

from bitsperfact import tables
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.outside import cells
from bitsperfact.outside.files import Source, table
from bitsperfact.tables import ALL_MODELS, BEST_SCORE, NONFACT_STRATA, PATTERN_MODEL, ClaimSetInfo, ModelInfo

#: The name of a score that has none, and of one that is the log-odds of a fact.
SCORE, LOG_ODDS = "score", "log_odds"
UNKNOWN = "unknown"
#: Largest score whose square is a number. The largest float of all stands for what could not be scored.
LARGEST = 1e150
#: What all rows of one claim share.
_SHARED = ("is_fact", "group", "stratum", "grade")
#: Numbers that may be left blank: the least, the most, and whether only whole ones are meant.
_NUMBERS = {
    "n_params": (1, 2**62, True),
    "memory_bits": (0, math.inf, False),
    "n_facts": (1, 2**62, True),
    "universe_size": (2, 2**62, True),
    "grade": (0, 1, False),
}
_KEY = ["model", "score", "claim_set"]


@dataclass(frozen=True)
class Gathered:
    """What is analysed. `notes`: lines on what was left aside or is not known, in the order to print them."""

    claims: pd.DataFrame
    scores: pd.DataFrame
    claim_sets: list[ClaimSetInfo]
    models: list[ModelInfo]
    notes: list[str] = field(default_factory=list)
    cells: pd.DataFrame | None = None
    known: pd.DataFrame | None = None


def gathered(sources: Sequence[Source], log_odds: bool = False) -> Gathered:
    """Return the scores of tables as one.

    Raises BadInput, naming the row, for a cell that is none, a claim that a model scores twice or that two rows
    describe in two ways, a model or set of which they state two things, and a model that lacks a class of a set.
    """
    notes: list[str] = []
    rows = pd.concat([_rows(each, notes) for each in sources], ignore_index=True)
    if log_odds:
        rows["score"] = _as_log_odds(rows["score"])
    _check_names(rows)
    rows["has_text"] = _has_text(rows)
    rows["claim_id"] = _claim_ids(rows)
    _check_claims(rows)
    claims = rows.drop_duplicates("claim_id")
    _check_classes(rows, claims, notes)
    notes += [
        f"{name}: the text of its claims is not known, nor what it gives away"
        for name in claims.loc[~claims["has_text"], "claim_set"].unique()
    ]
    return Gathered(
        claims[list(tables.COLUMNS["claims"])].reset_index(drop=True),
        _scores(rows),
        [_set_info(str(name), of_set, rows) for name, of_set in claims.groupby("claim_set", sort=False)],
        [_model_info(str(name), of_model) for name, of_model in rows.groupby("model", sort=False)],
        notes,
    )


def _rows(source: Source, notes: list[str]) -> pd.DataFrame:
    """Return one table's rows, typed: `value` is the score, `score` its name, `at` the row for messages."""
    where, raw = table(source)
    given, ignored = cells.named_columns(where, raw)
    if ignored:
        notes.append(f"{where}: columns not read: {', '.join(map(repr, ignored))}")
    if given.empty:
        raise BadInput(where, "scores", "no rows")

    def text(name: str, otherwise: str, *, stripped: bool = True) -> list[str]:
        if name not in given.columns:
            return [otherwise] * len(given)
        return [cell or otherwise for cell in cells.texts(where, given[name], blank=True, stripped=stripped)]

    rows = pd.DataFrame({"at": [f"{where}, row {number}" for number in range(1, len(given) + 1)]})
    for name in ("model", "claim_set"):
        rows[name] = cells.texts(where, given[name], blank=False, stripped=True)
    rows["group"] = cells.texts(where, given["group"], blank=False, stripped=False)
    rows["is_fact"] = cells.labels(where, given["is_fact"])
    rows["value"] = cells.numbers(where, given["score"], "a finite number", lambda x: abs(x) <= LARGEST)
    rows["score"] = text("score_name", SCORE)
    for name in ("prefix", "target"):
        rows[name] = text(name, "", stripped=False)
    rows["stratum"] = text("stratum", "")
    rows["stratum"] = rows["stratum"].where(rows["stratum"] != "", np.where(rows["is_fact"], "fact", "given"))
    rows["grade"] = _stated(where, given, "grade").fillna(rows["is_fact"].astype(float))
    rows["source"] = text("source", where)
    for name in ("claim_id", *cells.OF_MODELS, *cells.OF_SETS):
        rows[name] = _stated(where, given, name) if name in _NUMBERS else text(name, "")
    return rows


def _stated(where: str, given: pd.DataFrame, name: str) -> "pd.Series[Any]":
    """Return a column of numbers that may be left blank; NaN where it is."""
    if name not in given.columns:
        return pd.Series(np.full(len(given), np.nan))
    column = given[name]
    blank = column.map(lambda cell: cells.is_absent(cell) or not str(cell).strip())
    least, most, whole = _NUMBERS[name]

    def holds(value: float) -> bool:
        return least <= value <= most and math.isfinite(value) and (not whole or value == int(value))

    upper = f" and at most {most}" if most == 1 else ""
    wanted = f"a{' whole' if whole else ''} number of at least {least}{upper}, or nothing"
    found = cells.numbers(where, column.where(~blank, least), wanted, holds)
    return pd.Series(found, dtype=np.float64).where(~blank.to_numpy(dtype=bool))


def _as_log_odds(names: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the scores' names, where one of them is the log-odds of a fact."""
    if LOG_ODDS in set(names):
        return names
    distinct = names.unique()
    if len(distinct) > 1:
        got = f"scores {', '.join(distinct)}"
        raise BadInput("--log-odds", f"one score, or one that is named {LOG_ODDS}", got)
    return names.where(names.isna(), LOG_ODDS)


def _check_names(rows: pd.DataFrame) -> None:
    taken = {
        "model": (PATTERN_MODEL, ALL_MODELS),
        "claim_set": (ALL_MODELS,),
        "score": (BEST_SCORE, PATTERN_MODEL),
    }
    for column, names in taken.items():
        _refuse(rows, rows[column].isin(names), f"a {column} of another name, as this one has a meaning", column)
    of_facts = rows["is_fact"] & (rows["stratum"] != "fact")
    _refuse(rows, of_facts, "stratum fact, or none, for a fact", "stratum")
    of_nonfacts = ~rows["is_fact"] & ~rows["stratum"].isin(NONFACT_STRATA)
    _refuse(rows, of_nonfacts, f"stratum {', '.join(NONFACT_STRATA)}, or none, for a non-fact", "stratum")
    controls = get_args(tables.Control)
    _refuse(rows, ~rows["control"].isin(["", *controls]), f"control {', '.join(controls)}, or nothing", "control")


def _refuse(rows: pd.DataFrame, bad: Any, expected: str, column: str) -> None:
    for row in rows[bad].head(1).to_dict("records"):
        raise BadInput(row["at"], expected, repr(row[column]))


def _has_text(rows: pd.DataFrame) -> "pd.Series[Any]":
    """Return whether the claims of each row's set have texts: all of them, or none."""
    has = rows["target"].str.strip() != ""
    of_set = has.groupby(rows["claim_set"]).transform("any")
    _refuse(rows, of_set & ~has, "a target, as other rows of the claim set have one", "target")
    _refuse(rows, ~of_set & (rows["prefix"] != ""), "a target beside the prefix", "target")
    return of_set


def _claim_ids(rows: pd.DataFrame) -> list[str]:
    """Return ids: hashes of the texts, else of the ids that are given, else of the place within the entity."""
    has = rows["claim_id"] != ""
    of_set = (has & ~rows["has_text"]).groupby(rows["claim_set"]).transform("any")
    _refuse(rows, of_set & ~has, "a claim_id, as other rows of the claim set have one", "claim_id")
    places = rows.groupby([*_KEY, "group"]).cumcount()
    named = rows[["claim_set", "prefix", "target", "has_text", "claim_id", "group"]]
    columns = (column.tolist() for column in (*(named[name] for name in named), places))
    return [
        tables.claim_id(of, prefix, target)
        if has_text
        else sha256_of_text(of, *(("id", given) if given else ("place", group, str(place))))[:20]
        for of, prefix, target, has_text, given, group, place in zip(*columns, strict=True)
    ]


def _check_claims(rows: pd.DataFrame) -> None:
    """Refuse a claim that a model scores twice by one score, and one that two rows describe in two ways."""
    again = rows[rows.duplicated([*_KEY, "claim_id"])].head(1)
    for row in again.to_dict("records"):
        first = rows[(rows[[*_KEY, "claim_id"]] == again[[*_KEY, "claim_id"]].iloc[0]).all(axis=1)]["at"].iloc[0]
        claim = repr(row["prefix"] + row["target"] or row["claim_id"])
        raise BadInput(row["at"], "one score of each claim by a model", f"another of {claim}, as in {first}")
    firsts = rows.groupby("claim_id", sort=False)[["at", *_SHARED]].transform("first")
    for column in _SHARED:
        for at in np.flatnonzero(rows[column] != firsts[column])[:1]:
            expected = f"{column} {firsts[column].iloc[at]} as in {firsts['at'].iloc[at]} of the same claim"
            row = rows.iloc[at]
            if not (row["has_text"] or column == "group"):
                expected += " (without texts or a claim_id, claims of a group are known by their order)"
            raise BadInput(row["at"], expected, row[column])


def _check_classes(rows: pd.DataFrame, claims: pd.DataFrame, notes: list[str]) -> None:
    """Refuse a model that lacks scores of a class of a set; note one that lacks scores of some claims."""
    sizes = claims["claim_set"].value_counts()
    for (model, score, claim_set), of_cell in rows.groupby(_KEY, sort=False):
        n_facts, n, of_set = int(of_cell["is_fact"].sum()), len(of_cell), int(sizes[str(claim_set)])
        if not 0 < n_facts < n:
            where = f"model {model}, claim set {claim_set}, score {score}"
            raise BadInput(where, "scores of facts and of non-facts", f"{n_facts} facts, {n - n_facts} non-facts")
        if n < of_set:
            notes.append(
                f"{model}, {claim_set}, {score}: scores of {n} of {of_set} claims; it is measured on those"
            )
    scored = set(rows[["model", "claim_set"]].itertuples(index=False, name=None))
    for model in rows["model"].unique():
        missing = [name for name in sizes.index if (model, name) not in scored]
        if missing:
            notes.append(f"{model}: no scores of {', '.join(sorted(missing))}")


def _scores(rows: pd.DataFrame) -> pd.DataFrame:
    # No token was counted: 0 of them, and what they would show is not known.
    unknown = {"n_tokens": 0, "logprob_sum": np.nan, "boundary_ok": True}
    n_bytes = [len(target.encode()) for target in rows["target"]]
    pins = {name: rows[name].where(rows[name] != "", UNKNOWN) for name in ("revision", "dtype")}
    return rows.assign(**pins, **unknown, n_bytes=n_bytes)[list(tables.COLUMNS["scores"])]


def _one(kind: str, name: str, rows: pd.DataFrame, column: str, otherwise: Any) -> Any:
    """Return what the rows state of a model or set; raise BadInput where that is two things."""
    stated = rows[rows[column].notna() & (rows[column] != "")]
    distinct = stated.drop_duplicates(column)
    if len(distinct) > 1:
        one, other = distinct.head(2).to_dict("records")
        where = f"{other['at']}, {kind} {name}"
        raise BadInput(where, f"{column} {one[column]} as in {one['at']}", other[column])
    return otherwise if distinct.empty else distinct[column].iloc[0]


def _model_info(name: str, rows: pd.DataFrame) -> ModelInfo:
    stated = {column: _one("model", name, rows, column, "") for column in ("architecture", "family")}
    pins = {column: _one("model", name, rows, column, UNKNOWN) for column in ("revision", "dtype")}
    memory = _one("model", name, rows, "memory_bits", None)
    n_params = int(_one("model", name, rows, "n_params", 0))
    memory_bits = None if memory is None else float(memory)
    return ModelInfo(name, fingerprint=UNKNOWN, n_params=n_params, memory_bits=memory_bits, **pins, **stated)


def _set_info(name: str, claims: pd.DataFrame, rows: pd.DataFrame) -> ClaimSetInfo:
    """Return what is stated of a set; its rows are taken for the whole of it where nothing is."""
    own = rows[rows["claim_set"] == name]
    of_rows = {"n_facts": int(claims["is_fact"].sum()), "universe_size": len(claims)}
    n_facts, universe_size = (int(_one("claim set", name, own, column, n)) for column, n in of_rows.items())
    for column, n, stated in zip(of_rows, of_rows.values(), (n_facts, universe_size), strict=True):
        if stated < n:
            raise BadInput(f"claim set {name}", f"{column} of at least the {n} in its rows", stated)
    if n_facts >= universe_size:
        raise BadInput(f"claim set {name}", f"a universe_size above n_facts {n_facts}", universe_size)
    digest = sha256_of_text(*sorted(claims["claim_id"]), *sorted(claims.loc[claims["is_fact"], "claim_id"]))
    return ClaimSetInfo(
        name=name,
        n_facts=n_facts,
        universe_size=universe_size,
        licence=_one("claim set", name, own, "licence", "as the file's owner says"),
        recipe_sha256=digest,
        seed=0,
        control=_one("claim set", name, own, "control", "none"),
        description=_one("claim set", name, own, "description", "Claims that came with their scores."),
    )
