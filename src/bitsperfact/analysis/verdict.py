"""Separation -> verdict: each prediction of the theory against what was measured."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from bitsperfact import tables
from bitsperfact.analysis.evidence import gather
from bitsperfact.analysis.predictions import PREDICTIONS, Prediction
from bitsperfact.tables import ClaimSetInfo, ModelInfo


def judge(
    separation: pd.DataFrame,
    claim_sets: list[ClaimSetInfo],
    models: list[ModelInfo],
    predictions: Sequence[Prediction] = PREDICTIONS,
) -> pd.DataFrame:
    """Return the verdict table: each prediction, what it says, what was measured, and whether the two agree.

    It looks at the separation table alone (rows of stratum `pooled`), never at scores. `lower` and `upper` are the
    ends that a row was judged by: rows of one prediction share its error, so that in 95 % of runs all of its
    intervals hold (`sharing.shared`). Every status comes with a one-sentence reason; a shape that the table lacks
    decides nothing. Raises BadInput where the table is empty, lacks bits_per_fact, hallucination_rate or
    sparsity_ratio of a cell, or names an unknown model or claim set.
    """
    found = gather(separation, claim_sets, models)
    rows = [asdict(verdict) for prediction in predictions for verdict in prediction(found)]
    frame = pd.DataFrame(rows, columns=list(tables.COLUMNS["verdict"])) if rows else tables.empty("verdict")
    return tables.check("verdict", frame, "verdict")
