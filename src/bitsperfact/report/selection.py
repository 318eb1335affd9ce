"""Which models, claim sets and scores a run has, in what order, and the claims behind a panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.report.sampling import Counts, drawn_claims, drawn_scores
from bitsperfact.runs import Run
from bitsperfact.tables import BEST_SCORE, PATTERN_MODEL, POOLED

#: Models whose distributions are drawn, of many.
MOST_DRAWN = 12


@dataclass(frozen=True)
class ScoredRun:
    """A run's scores beside what is scored, and the orders in which everything is shown.

    `scored` has the columns of `scores` and, of `claims`, claim_set, is_fact and stratum. Of large sets it and
    `claims` hold a sample, and `counts` tells of how many. Models stand by number
    of parameters, claim sets as the run was asked for them.
    """

    run: Run
    scored: pd.DataFrame
    claims: pd.DataFrame
    counts: dict[str, Counts]
    models: list[str]
    claim_sets: list[str]
    scores: list[str]

    def values(self, claim_set: str, score: str, model: str) -> pd.DataFrame:
        """Return rows of `scored` of one panel."""
        frame = self.scored
        return frame[(frame["claim_set"] == claim_set) & (frame["score"] == score) & (frame["model"] == model)]

    def panels(self) -> list[tuple[str, str, list[str]]]:
        """(claim set, score, models) for each figure of score distributions that has anything to show."""
        places = self.scored[["claim_set", "score", "model"]].drop_duplicates()
        present = set(places.itertuples(index=False, name=None))
        figures = [
            (claim_set, score, [model for model in self.models if (claim_set, score, model) in present])
            for claim_set in self.claim_sets
            for score in self.scores
        ]
        return [figure for figure in figures if figure[2]]


def scored_run(run: Run) -> ScoredRun:
    """Join scores with their claims and settle the orders."""
    drawn = drawn_claims(run)
    scored = drawn_scores(run, drawn.claims)
    sizes = number_of_parameters(run)
    named = [info.name for info in run.models] + [*scored["model"].unique(), *run.separation["model"].unique()]
    models = sorted({name for name in named if name != PATTERN_MODEL}, key=lambda name: (sizes.get(name, 0), name))
    sets = [*(info.name for info in run.claim_sets), *drawn.counts, *run.separation["claim_set"]]
    scores = [*scored["score"].unique(), *run.separation.loc[run.separation["model"] != PATTERN_MODEL, "score"]]
    # The best score has numbers in the headline table, but no values of its own to draw.
    named_scores = sorted({name for name in scores if name != BEST_SCORE})
    return ScoredRun(run, scored, drawn.claims, drawn.counts, models, list(dict.fromkeys(sets)), named_scores)


def number_of_parameters(run: Run) -> dict[str, int]:
    """Return model name -> number of parameters (1)."""
    sizes = dict(zip(run.separation["model"], run.separation["n_params"].astype(int), strict=True))
    return sizes | {info.name: info.n_params for info in run.models}


def spread(items: Sequence[str], most: int) -> list[str]:
    """Return at most so many of the items: the first, the last, and others evenly between."""
    if len(items) <= most:
        return list(items)
    return [items[round(position * (len(items) - 1) / (most - 1))] for position in range(most)]


def selected_models(run: Run, models: Sequence[str]) -> list[str]:
    """Return the models whose distributions are drawn: all, or twelve of many.

    They spread over sizes; of a ladder, over parameters per fact of one seed's networks of equal fact weight.
    """
    if run.cells is None:
        return spread(models, MOST_DRAWN)
    alike = run.cells[(run.cells["seed"] == run.cells["seed"].min()) & (run.cells["fact_weight"] == 0.5)]
    ordered = alike.sort_values(["parameters_per_fact", "model"])["model"]
    return spread([str(name) for name in ordered if name in set(models)], MOST_DRAWN)


def finite(values: pd.Series) -> NDArray[np.float64]:
    """Return the values that have a place on an axis."""
    numbers: NDArray[np.float64] = values.to_numpy(dtype=np.float64)
    return np.asarray(numbers[np.isfinite(numbers)])


def pooled(separation: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Return rows of one quantity, all non-facts together."""
    return separation[(separation["stratum"] == POOLED) & (separation["quantity"] == quantity)]
