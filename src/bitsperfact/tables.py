"""The tables that pass between layers: claims, scores, separation, verdict and more, defined once and checked.

Every table is a pandas DataFrame with exactly the columns below; `parquet` stores it. Metadata that is not
tabular travels as `ClaimSetInfo` and `ModelInfo`.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text

if TYPE_CHECKING:
    import pandera.pandas as pa

Table = Literal["claims", "scores", "separation", "verdict", "cells", "known"]
#: Tables of runs of some probes only: what was trained, and what is known of models by construction.
OPTIONAL: tuple[Table, ...] = ("cells", "known")
Stratum = Literal["fact", "derangement", "fresh", "near", "given"]
Control = Literal["none", "random", "patterned", "near", "shuffled"]
Status = Literal["consistent", "violated", "undecided"]
#: `evidence` could have come out otherwise; a `check` follows from a definition or from data processing, and tests
#: the instrument alone.
Kind = Literal["evidence", "check"]

#: Strata of non-facts. `given` marks non-facts that came with a data set instead of being built here.
NONFACT_STRATA: tuple[str, ...] = tuple(s for s in get_args(Stratum) if s != "fact")
#: Value of `separation.stratum` for all non-facts together.
POOLED = "pooled"
#: Value of `separation.model` for the baseline that reads only the text, and of `verdict.model` for all models.
PATTERN_MODEL = "pattern"
ALL_MODELS = "*"
#: Value of `verdict.claim_set` for all claim sets together.
ALL_SETS = "*"
#: Value of `separation.score` for the best of a model's scores, which is no score of its own.
BEST_SCORE = "best"

COLUMNS: dict[Table, dict[str, type]] = {
    "claims": {
        "claim_id": str,
        "claim_set": str,
        "group": str,
        "prefix": str,
        "target": str,
        "is_fact": bool,
        "grade": float,
        "stratum": str,
        "source": str,
    },
    "scores": {
        "model": str,
        "revision": str,
        "dtype": str,
        "claim_id": str,
        "score": str,
        "value": float,
        "n_tokens": int,
        "n_bytes": int,
        "logprob_sum": float,
        "boundary_ok": bool,
    },
    "separation": {
        "model": str,
        "n_params": int,
        "memory_bits": float,
        "claim_set": str,
        "score": str,
        "stratum": str,
        "quantity": str,
        "value": float,
        "lower": float,
        "upper": float,
        "unit": str,
        "estimator": str,
        "resolution_limited": bool,
        "n_facts": int,
        "n_nonfacts": int,
        "seed": int,
    },
    "verdict": {
        "model": str,
        "claim_set": str,
        "score": str,
        "prediction": str,
        "kind": str,
        "predicted": float,
        "measured": float,
        "lower": float,
        "upper": float,
        "status": str,
        "reason": str,
    },
    "cells": {
        "model": str,
        "stack": str,
        "architecture": str,
        "objective": str,
        "parameters": int,
        "n_facts": int,
        "parameters_per_fact": float,
        "fact_weight": float,
        "seed": int,
        "width": int,
        "inner": int,
        "layers": int,
        "heads": int,
        "claim_set": str,
        "universe_size": int,
        "exposures": float,
        "steps": int,
        "loss_nats": float,
        "bits": float,
        "gain": float,
        "finished": bool,
        "seconds": float,
        "examples_per_second": float,
        "horizons": str,
    },
    "known": {"model": str, "claim_set": str, "quantity": str, "value": float, "unit": str},
}


@dataclass(frozen=True)
class ClaimSetInfo:
    """What a claim set's rows cannot say.

    `n_facts` and `universe_size` (1, counts) describe the whole set that the facts are drawn from, even where
    only a sample of it is in the table: p = n/u is a property of the world, not of the sample.
    `control` is `random` for facts that nobody could have learnt, `patterned` for facts that follow from their
    own text, `near` for the facts of the set `base` beside non-facts that are `distance` symbols from one of them,
    `shuffled` for the symbols of the facts of `base` dealt anew among them, `none` otherwise. `answer_ratio` (1,
    at least 1): the largest ratio, either way, of an answer's share of the whole set's facts to its share of the
    deranged non-facts; 1 where answers alone tell nothing, None where none are deranged.
    """

    name: str
    n_facts: int
    universe_size: int
    licence: str
    recipe_sha256: str
    seed: int
    control: Control = "none"
    description: str = ""
    answer_ratio: float | None = None
    base: str = ""
    distance: int | None = None

    @property
    def p(self) -> float:
        """Share of facts in the universe of plausible claims, n/u (1, in (0, 1))."""
        return self.n_facts / self.universe_size


@dataclass(frozen=True)
class ModelInfo:
    """What was scored: `revision` and `fingerprint` (SHA-256 of weights, tokenizer and config) pin the weights.

    `memory_bits`: all that answers can come from (bits): weights at the precision they are stored in, a tester's
    table, a store of texts; None where that is unknown. `n_params`: 0 where unknown. `family`: models of one
    recipe at several sizes, where that is stated; "" leaves it to their names.
    `active_params`: the weights that one token goes through, where a model has experts and it is known (1).
    """

    name: str
    revision: str
    fingerprint: str
    n_params: int
    dtype: str
    architecture: str
    memory_bits: float | None = None
    family: str = ""
    active_params: int | None = None


def claim_id(claim_set: str, prefix: str, target: str) -> str:
    """Return the content hash of one claim (20 hexadecimal digits); equal across machines, runs and models."""
    return sha256_of_text(claim_set, prefix, target)[:20]


#: Columns that make a row of a table the one it is: each combination stands there once.
KEYS: dict[Table, list[str]] = {
    "claims": ["claim_id"],
    "scores": ["model", "dtype", "claim_id", "score"],
    "separation": ["model", "claim_set", "score", "stratum", "quantity"],
    "verdict": ["model", "claim_set", "score", "prediction"],
    "cells": ["model"],
    "known": ["model", "claim_set", "quantity"],
}


@cache
def _schema(table: Table) -> "pa.DataFrameSchema":
    import pandera.pandas as pa  # slow to import, so only when a table is checked

    def one_of(*values: str) -> "pa.Check":
        return pa.Check.isin(values)

    checks: dict[tuple[Table, str], Any] = {
        ("claims", "stratum"): one_of(*get_args(Stratum)),
        ("claims", "grade"): pa.Check.in_range(0.0, 1.0),
        ("scores", "n_tokens"): pa.Check.ge(0),
        ("separation", "n_params"): pa.Check.ge(0),
        ("separation", "unit"): one_of("bits", "nats", "1"),
        ("verdict", "kind"): one_of(*get_args(Kind)),
        ("verdict", "status"): one_of(*get_args(Status)),
    }
    may_be_missing = (
        {("scores", "logprob_sum")}
        | {("separation", c) for c in ("memory_bits", "value", "lower", "upper")}
        | {("cells", c) for c in ("loss_nats", "bits", "gain", "examples_per_second")}
        | {("verdict", c) for c in ("predicted", "measured", "lower", "upper")}
    )
    columns = {
        name: pa.Column(kind, checks.get((table, name)), nullable=(table, name) in may_be_missing)
        for name, kind in COLUMNS[table].items()
    }
    return pa.DataFrameSchema(columns, strict=True, ordered=True, coerce=True, unique=KEYS[table])


def check(table: Table, frame: pd.DataFrame, where: object) -> pd.DataFrame:
    """Return `frame` with the table's columns in order and typed; raise BadInput, naming the cell, if not."""
    import pandera.pandas as pa

    for column, kind in COLUMNS[table].items():
        if column not in frame.columns:
            raise BadInput(where, f"columns {', '.join(COLUMNS[table])}", f"no column {column!r}")
        # Coercion would turn any text, "False" included, into True.
        if kind is bool and len(frame) and not pd.api.types.is_bool_dtype(frame[column]):
            raise BadInput(where, f"{table}.{column} of type bool", f"type {frame[column].dtype}")
    try:
        ordered = frame.loc[:, list(COLUMNS[table])].reset_index(drop=True)
        checked: pd.DataFrame = _schema(table).validate(ordered)
    except pa.errors.SchemaError as error:
        raise _bad_cell(table, where, error) from None
    except pa.errors.SchemaErrors as errors:
        raise _bad_cell(table, where, errors.schema_errors[0]) from None
    return checked


def _bad_cell(table: Table, where: object, error: Any) -> BadInput:
    column = getattr(error.schema, "name", None)
    expected = f"{table}.{column}: {error.check}" if column else "each key once"
    cases = error.failure_cases
    if not isinstance(cases, pd.DataFrame) or cases.empty:
        return BadInput(where, expected, cases)
    first = cases.iloc[0]
    at = "" if pd.isna(first["index"]) else f", row {int(first['index']) + 1}"
    return BadInput(f"{where}{at}", expected, repr(first["failure_case"]))


def empty(table: Table) -> pd.DataFrame:
    """Return a table without rows, with the right columns and types."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS[table].items()})
