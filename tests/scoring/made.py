"""Claims scored by a loaded model, without a run around it."""

import tempfile
from pathlib import Path

import pandas as pd

from bitsperfact import scoring, tables
from bitsperfact.models import ModelInputs, max_tokens


def plan_of(model, claims, scores, folder, opener=None, **settings) -> scoring.ScoringPlan:
    """The plan of scores, given by name or as they are."""
    made = tuple(scoring.score(each) if isinstance(each, str) else each for each in scores)
    return scoring.ScoringPlan(
        model, scoring.ClaimRequests(claims, folder), made, scoring.Settings(**settings), opener
    )


def score_table(loaded, claims, scores, **settings) -> pd.DataFrame:
    """The scores table, computed in this process."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = ModelInputs(loaded.tokenizer, max_tokens(loaded.model.config))
        plan = plan_of(loaded.info, claims, scores, Path(folder), lambda: loaded, **settings).surveyed(inputs)
        results = {task.key: task.run(task.opener()) for task in plan.tasks}
        return tables.check("scores", plan.assemble(results.__getitem__), "test")
