"""Separation of a ladder -> verdict: each prediction on every cell, then on each architecture."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import pandas as pd

from bitsperfact import tables
from bitsperfact.analysis.evidence import Verdict
from bitsperfact.analysis.ladder.claims import no_bits_without_storing, no_near_misses
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.generative import generative_capacity
from bitsperfact.analysis.ladder.law import capacity_law, one_constant, zero_intercept
from bitsperfact.analysis.ladder.optimum import (
    free_relation,
    never_abstains,
    never_forgets,
    same_at_every_weight,
)
from bitsperfact.analysis.ladder.strategies import best_strategy, channel_shape

Prediction = Callable[[LadderEvidence], Iterator[Verdict]]

#: In the order of the verdict table.
PREDICTIONS: tuple[Prediction, ...] = (
    capacity_law,
    one_constant,
    zero_intercept,
    free_relation,
    channel_shape,
    never_forgets,
    never_abstains,
    best_strategy,
    same_at_every_weight,
    no_near_misses,
    no_bits_without_storing,
    generative_capacity,
)


def judge_ladder(cells: pd.DataFrame, separation: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The verdict table of a ladder, from its table of cells and its separation table.

    Rows whose claim set is `*` are about an architecture, in place of a model; the others about one cell. A cell
    whose training had not reached its plateau violates nothing and excuses nothing: it is `undecided`, and what is
    said of its architecture rests on the others. Verdicts of one prediction share an error of 5 % per run.
    """
    evidence = LadderEvidence(cells, separation, seed)
    rows = [asdict(verdict) for prediction in PREDICTIONS for verdict in prediction(evidence)]
    frame = pd.DataFrame(rows, columns=list(tables.COLUMNS["verdict"])) if rows else tables.empty("verdict")
    return tables.check("verdict", frame, "verdict")
