"""Separation -> verdict: each prediction of the theory against what was measured."""

from dataclasses import asdict

import pandas as pd

from bitsperfact import tables
from bitsperfact.analysis.evidence import gather
from bitsperfact.analysis.predictions import PREDICTIONS
from bitsperfact.tables import ClaimSetInfo, ModelInfo


def judge(separation: pd.DataFrame, claim_sets: list[ClaimSetInfo], models: list[ModelInfo]) -> pd.DataFrame:
    """Return the verdict table: each prediction, what it says, what was measured, and whether the two agree.

    It looks at the separation table alone (rows of stratum `pooled`), never at scores. Every status comes with a
    one-sentence reason. Raises BadInput where the table lacks a row that a prediction needs.
    """
    found = gather(separation, claim_sets, models)
    rows = [asdict(verdict) for prediction in PREDICTIONS for verdict in prediction(found)]
    frame = pd.DataFrame(rows, columns=list(tables.COLUMNS["verdict"])) if rows else tables.empty("verdict")
    return tables.check("verdict", frame, "verdict")
