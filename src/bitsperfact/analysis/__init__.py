"""Scores -> separation -> verdict: what models separate, and whether it is what the theory predicts."""

from collections.abc import Sequence

import pandas as pd

from bitsperfact.analysis.capacity import law_table
from bitsperfact.analysis.memorised import memorised
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.separation import Progress, separate
from bitsperfact.analysis.verdict import judge
from bitsperfact.rows import Rows
from bitsperfact.tables import ClaimSetInfo, ModelInfo

__all__ = ["Prediction", "analyse", "judge", "law_table", "memorised", "separate"]


def analyse(
    claims: pd.DataFrame | Rows,
    scores: pd.DataFrame | Rows,
    claim_sets: list[ClaimSetInfo],
    models: list[ModelInfo],
    seed: int = 0,
    replicates: int = 200,
    progress: Progress | None = None,
    predictions: Sequence[str] = (),
    *,
    cells: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
    partial: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the separation and the verdict table of a run; see `separate` and `judge`."""
    separation = separate(
        claims, scores, claim_sets, models, seed, replicates, progress, cells=cells, partial=partial
    )
    return separation, judge(separation, claim_sets, models, predictions, cells=cells, known=known)
