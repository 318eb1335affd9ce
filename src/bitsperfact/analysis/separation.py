"""Scores -> separation: how far each model's scores set facts apart from non-facts, beside the text alone."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.analysis.baseline import pattern_scores
from bitsperfact.analysis.inputs import Cell, SetOfClaims, cells_of, claim_sets_of
from bitsperfact.analysis.measure import Sample, quantities
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.tables import PATTERN_MODEL, POOLED, ClaimSetInfo, ModelInfo

#: Called with the number of cells done and the number of all.
Progress = Callable[[int, int], None]
Row = dict[str, Any]


def separate(
    claims: pd.DataFrame,
    scores: pd.DataFrame,
    claim_sets: list[ClaimSetInfo],
    models: list[ModelInfo],
    seed: int = 0,
    replicates: int = 200,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the separation table: one row per model, claim set, score, stratum of non-facts and quantity.

    Quantities in bits: bits_per_fact, bits_certified (a lower bound: lower = value, upper = NaN), bits_effective,
    membership_information (F_p at the set's p), bits_above_pattern (over the pattern baseline, paired, unclipped).
    Of unit 1, in [0, 1]: auc, hallucination_rate (at 95 % recall), miss_rate, abstention_mass, sparsity_ratio
    (F_p / KL), and of the nearest channel x_star, q_star, channel_distance (total variation). The baseline's own
    rows have model and score `pattern` and 0 parameters. Stratum `pooled` takes all non-facts together. Intervals
    are 95 %, by entity (`group`), from `replicates` resamples.

    A cell's random numbers depend on the seed, set and stratum alone, not on the order of rows or what else is in
    the run, and all models see the same resamples. Raises BadInput where claims, scores and metadata do not fit.
    """
    if replicates < 2:
        raise ValueError(f"replicates must be at least 2, got {replicates}")
    sets = claim_sets_of(claims, claim_sets)
    cells = list(cells_of(scores, sets, models))
    rows: list[Row] = []
    done, total = 0, len(cells) + len(sets)
    for each in sets:
        patterns = _patterns(each, seed)
        own = [cell for cell in cells if cell.claim_set == each.info.name]
        for cell in [None, *own]:
            rows += _rows(each, cell, patterns, seed, replicates)
            done += 1
            if progress is not None:
                progress(done, total)
    return tables.check("separation", pd.DataFrame(rows), "separation")


def _patterns(each: SetOfClaims, seed: int) -> dict[str, NDArray[np.float64]]:
    """The baseline's scores by stratum, (n_claims,), fitted on it alone, since patterns differ; 0 elsewhere."""
    patterns = {}
    for stratum, nonfacts in _distinct_strata(each).items():
        rows = each.is_fact | nonfacts
        patterns[stratum] = np.zeros(len(rows))
        patterns[stratum][rows] = pattern_scores(
            each.claims[rows], derived_seed(seed, each.info.name, stratum, "pattern")
        )
    return patterns


def _distinct_strata(each: SetOfClaims) -> dict[str, NDArray[np.bool_]]:
    """Strata to measure: one stratum alone is what is pooled, and is measured once."""
    strata = each.strata()
    return {POOLED: strata[POOLED]} if len(strata) == 2 else strata


def _rows(
    each: SetOfClaims, cell: Cell | None, patterns: dict[str, NDArray[np.float64]], seed: int, replicates: int
) -> Iterator[Row]:
    """Rows of a model's cell, or of the baseline's where `cell` is None."""
    for stratum, nonfacts in _distinct_strata(each).items():
        cell_seed = derived_seed(seed, each.info.name, stratum)
        sample = Sample(each.is_fact, nonfacts, each.groups, each.info.p, cell_seed, replicates)
        pattern = patterns[stratum]
        found = quantities(sample, pattern, None) if cell is None else quantities(sample, cell.values, pattern)
        measured = [asdict(quantity) for quantity in found]
        for name in each.strata() if len(each.strata()) == 2 else [stratum]:
            for quantity in measured:
                counts = {"n_facts": int(each.is_fact.sum()), "n_nonfacts": int(nonfacts.sum())}
                yield _who(cell) | {"claim_set": each.info.name, "stratum": name, "seed": seed} | quantity | counts


def _who(cell: Cell | None) -> Row:
    if cell is None:
        return {"model": PATTERN_MODEL, "n_params": 0, "score": PATTERN_MODEL}
    return {"model": cell.model.name, "n_params": cell.model.n_params, "score": cell.score}
