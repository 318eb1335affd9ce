"""Scores -> separation: how far each model's scores set facts apart from non-facts, beside the text alone."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.analysis.best import best_quantities
from bitsperfact.analysis.inputs import Cell, cells_of, claim_sets_of, scores_of
from bitsperfact.analysis.measure import Quantity, Sample, bits_above, choices, laws, quantities
from bitsperfact.analysis.pattern import Pattern, fitted_pattern
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.analysis.sets import SetOfClaims
from bitsperfact.rows import Rows, rows_of
from bitsperfact.tables import BEST_SCORE, PATTERN_MODEL, POOLED, ClaimSetInfo, ModelInfo
from bitsperfact.threads import single_threaded

#: Called with the number of cells done and the number of all.
Progress = Callable[[int, int], None]
Row = dict[str, Any]


def separate(
    claims: pd.DataFrame | Rows,
    scores: pd.DataFrame | Rows,
    claim_sets: list[ClaimSetInfo],
    models: list[ModelInfo],
    seed: int = 0,
    replicates: int = 200,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the separation table: one row per model, claim set, score, stratum of non-facts and quantity.

    Quantities in bits: bits_per_fact, bits_certified (a lower bound: lower = value, upper = NaN), bits_effective,
    membership_information (F_p at the set's p), bits_above_pattern (over the pattern baseline, paired;
    below 0 where the text alone tells more, never above bits_per_fact).
    Of unit 1, in [0, 1]: auc, hallucination_rate (at 95 % recall), miss_rate, abstention_mass, sparsity_ratio
    (F_p / KL), of the nearest channel x_star, q_star, channel_distance, full_recall_rate, and how evenly bits are
    spent: evenness, spread (bits), forgotten_share, auc_accepted (`estimate.evenness`; NaN where nothing is
    known). Of the pooled stratum, in nats per claim: behind_smooth, behind_channel, behind_forgetting,
    behind_abstaining, how far each law is behind the best (`estimate.behind`); and of unit 1 choice_accuracy,
    choice_chance (`estimate.choice_accuracy`) and largest_entity_share. The baseline's own
    rows have model and score `pattern` and 0 parameters; from `pattern.MOST_CLAIMS` claims on, they and
    bits_above_pattern rest on a sample of entities, which their counts tell. Models with several scores on a set
    have bits_per_fact and bits_certified of score `best` too, its selection paid for. Stratum `pooled` takes all
    non-facts together. Intervals are 95 %, by entity (`group`), from `replicates` resamples; from
    `levels.MOST_EXACT` claims on, scores are lowered to one of some ten thousand levels for all but bits_per_fact,
    bits_certified and hallucination_rate.

    A cell's random numbers depend on the seed, set and stratum alone, not on the order of rows or what else is in
    the run, and all models see the same resamples. Raises BadInput where claims, scores and metadata do not fit.
    """
    if replicates < 2:
        raise ValueError(f"replicates must be at least 2, got {replicates}")
    sets = claim_sets_of(rows_of("claims", claims), claim_sets)
    cells = cells_of(scores_of(scores), sets, models)
    rows: list[Row] = []
    done, total = 0, len(cells) + len(sets)
    with single_threaded():
        for each in sets:
            strata = _distinct_strata(each)
            patterns = {name: fitted_pattern(each, nonfacts, name, seed) for name, nonfacts in strata.items()}
            for cell in [None, *(cell for cell in cells if cell.claims is each)]:
                rows += _rows(each, cell, patterns, seed, replicates)
                done += 1
                if progress is not None:
                    progress(done, total)
            rows += _best_rows(each, [cell for cell in cells if cell.claims is each], seed, replicates)
    return tables.check("separation", pd.DataFrame(rows), "separation")


def _distinct_strata(each: SetOfClaims) -> dict[str, NDArray[np.bool_]]:
    """Strata to measure: one stratum alone is what is pooled, and is measured once."""
    strata = each.strata()
    return {POOLED: strata[POOLED]} if len(strata) == 2 else strata


def _rows(
    each: SetOfClaims, cell: Cell | None, patterns: dict[str, Pattern], seed: int, replicates: int
) -> Iterator[Row]:
    """Rows of a model's cell, or of the baseline's where `cell` is None."""
    values = None if cell is None else cell.values()
    for stratum, sample in _samples(each, seed, replicates):
        yield from _written(
            each, stratum, _who(cell), _measured(sample, values, patterns[stratum], stratum == POOLED), seed
        )


def _best_rows(each: SetOfClaims, cells: list[Cell], seed: int, replicates: int) -> Iterator[Row]:
    """Rows of the best score of every model that has several on a set."""
    for model in dict.fromkeys(cell.model.name for cell in cells):
        own = [cell for cell in cells if cell.model.name == model]
        if len(own) < 2:
            continue
        who = _who(own[0]) | {"score": BEST_SCORE}
        names, views = [cell.score for cell in own], np.stack([cell.values() for cell in own])
        for stratum, sample in _samples(each, seed, replicates):
            measured = ((sample, quantity) for quantity in best_quantities(names, views, sample))
            yield from _written(each, stratum, who, measured, seed)


def _samples(each: SetOfClaims, seed: int, replicates: int) -> Iterator[tuple[str, Sample]]:
    for stratum, nonfacts in _distinct_strata(each).items():
        cell_seed = derived_seed(seed, each.info.name, stratum)
        yield (
            stratum,
            Sample(each.is_fact, nonfacts, each.groups, each.info.p, cell_seed, replicates, each.questions),
        )


def _written(
    each: SetOfClaims, stratum: str, who: Row, measured: Iterator[tuple[Sample, Quantity]], seed: int
) -> Iterator[Row]:
    """Rows of what was measured, also under the name of the only stratum where that is what is pooled."""
    rows = [
        {"seed": seed} | asdict(quantity) | {"n_facts": of.n_facts, "n_nonfacts": of.n_nonfacts}
        for of, quantity in measured
    ]
    for name in each.strata() if len(each.strata()) == 2 else [stratum]:
        for row in rows:
            yield who | {"claim_set": each.info.name, "stratum": name} | row


def _measured(
    sample: Sample, values: NDArray[np.float64] | None, pattern: Pattern, is_pooled: bool
) -> Iterator[tuple[Sample, Quantity]]:
    """Each quantity with the sample that it is measured on; those of the pattern itself where `values` is None."""
    shared = sample.within(pattern.rows)
    if values is None:
        yield from ((shared, quantity) for quantity in quantities(shared, pattern.values))
        return
    measured = list(quantities(sample, values))
    yield from ((sample, quantity) for quantity in measured)
    if is_pooled:
        for about in (choices, laws):
            yield from ((sample, quantity) for quantity in about(sample, values))
    bits = next(each for each in measured if each.quantity == "bits_per_fact")
    yield shared, bits_above(shared, values[pattern.rows], pattern.values, bits)


def _who(cell: Cell | None) -> Row:
    if cell is None:
        return {"model": PATTERN_MODEL, "n_params": 0, "memory_bits": 0.0, "score": PATTERN_MODEL}
    memory_bits = np.nan if cell.model.memory_bits is None else float(cell.model.memory_bits)
    return {
        "model": cell.model.name,
        "n_params": cell.model.n_params,
        "memory_bits": memory_bits,
        "score": cell.score,
    }
