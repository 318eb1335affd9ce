"""Prediction: where more bits are spent on each fact, fewer non-facts pass."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bitsperfact.analysis.evidence import ALL_SETS, Evidence, Key, Verdict
from bitsperfact.analysis.propagation import propagated
from bitsperfact.tables import ALL_MODELS, Status

PREDICTION = "hallucination_falls_with_bits"
FEWEST_CELLS = 4


def hallucination_falls_with_bits(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per score whether hallucination falls with bits per fact over all models and ordinary claim sets.

    `measured` is Spearman's rank correlation (1, in [-1, 1]) of bits per fact with the hallucination rate at 95 %
    recall, its interval propagated from the cells' intervals; predicted is -1, since the least rate falls strictly
    in the bits (Guo & Li 2026, arXiv 2602.00906). Bits and rate come from the same scores, so the two are not
    independent evidence: the test is whether models sit near the frontier closely enough for its order to show.
    """
    ordinary = [key for key in evidence.cells() if evidence.claim_sets[key.claim_set].control == "none"]
    for score, keys in groupby(sorted(ordinary, key=lambda key: key.score), key=lambda key: key.score):
        yield _verdict(evidence, score, list(keys))


def _verdict(evidence: Evidence, score: str, keys: list[Key]) -> Verdict:
    pairs = [(evidence.number(key, "bits_per_fact"), evidence.number(key, "hallucination_rate")) for key in keys]
    pairs = [(bits, rate) for bits, rate in pairs if bits.known and rate.known]
    if len(pairs) < FEWEST_CELLS:
        reason = f"{len(pairs)} cells of model and claim set: a rank correlation needs at least {FEWEST_CELLS}."
        return Verdict(ALL_MODELS, ALL_SETS, score, PREDICTION, -1.0, np.nan, np.nan, np.nan, "undecided", reason)
    numbers = [number for column in zip(*pairs, strict=True) for number in column]
    found, lower, upper = propagated(rank_correlations, numbers, evidence.rng(PREDICTION, score))
    status: Status = "consistent" if upper < 0 else "violated" if lower > 0 else "undecided"
    reason = (
        f"Rank correlation {found:+.2f} ({lower:+.2f} to {upper:+.2f}) of bits per fact with hallucination rate "
        f"over {len(pairs)} cells of model and claim set; both come from the same scores."
    )
    return Verdict(ALL_MODELS, ALL_SETS, score, PREDICTION, -1.0, found, lower, upper, status, reason)


def rank_correlations(both: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman's correlation of the first half of each row with the second, (draws, 2 cells) to (draws,).

    0 where one half is all ties: equal numbers show no order.
    """
    ranks = [rankdata(half, axis=1) for half in np.split(both, 2, axis=1)]
    one, other = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    norm = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    found: NDArray[np.float64] = (one * other).sum(axis=1) / np.where(norm > 0, norm, np.inf)
    return found
