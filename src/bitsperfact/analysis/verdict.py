"""Separation -> verdict: each prediction of the theory against what was measured."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from bitsperfact import tables
from bitsperfact.analysis.evidence import Evidence, gather
from bitsperfact.analysis.predictions import Prediction, found_predictions
from bitsperfact.tables import ClaimSetInfo, ModelInfo


def judge(
    separation: pd.DataFrame,
    claim_sets: list[ClaimSetInfo],
    models: list[ModelInfo],
    predictions: Sequence[str] = (),
    *,
    cells: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the verdict table: each prediction, what it says, what was measured, and whether the two agree.

    It looks at tables alone (of the separation table at rows of stratum `pooled`), never at scores. `lower` and
    `upper` are the ends that a row was judged by: rows of one prediction share its error, so that in 95 % of runs
    all of its intervals hold (`sharing.shared`). Every status comes with a one-sentence reason; a number that the
    table lacks decides nothing. Rows whose model is an architecture and whose claim set is `*` say which share of
    its cells breaks a prediction (`by_cell.verdicts`).

    Args: `predictions`: further ones, each `package.module:NAME`, beside all that are found by name. `cells`:
    networks that the run trained. `known`: what models are by construction.
    Raises: BadInput where the table is empty, lacks bits_per_fact or hallucination_rate of a key, or a table names
    an unknown model or claim set.
    """
    evidence = gather(separation, claim_sets, models, cells, known)
    rows = [
        asdict(verdict) for each in found_predictions(predictions) for verdict in each.judge(seen(each, evidence))
    ]
    frame = pd.DataFrame(rows, columns=list(tables.COLUMNS["verdict"])) if rows else tables.empty("verdict")
    return tables.check("verdict", frame, "verdict")


def seen(prediction: Prediction, evidence: Evidence) -> Evidence:
    """Return the part of the evidence that a prediction is about."""
    return evidence.grown if prediction.scope == "models" else evidence
