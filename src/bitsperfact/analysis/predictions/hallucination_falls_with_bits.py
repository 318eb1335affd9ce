"""Description: where more bits are spent on each fact, fewer non-facts pass, or not."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import HALF_WIDTH
from bitsperfact.constants import ERROR
from bitsperfact.tables import ALL_MODELS, ALL_SETS, Status

#: Fewer cells may all be in order by chance: once in 24 times with four.
FEWEST_CELLS = 6
N_DRAWS = 400


def hallucination_falls_with_bits(evidence: Evidence) -> Iterator[Verdict]:
    """Say per score whether hallucination falls with bits per fact over all models and ordinary claim sets.

    No theorem orders models: the floor falls in the bits (Guo & Li 2026, arXiv 2602.00906), but a tester may
    forget more as its bits grow, and lies above the floor as it likes. Bits and rate come from the same scores,
    too. So this is a description, counted as no support and never `violated`; whether a model's own rate is that
    of its bits is `no_over_accepting`. `measured` is Spearman's rank correlation (1, in [-1, 1]) of bits per fact
    with the hallucination rate at 95 % recall. Its interval is that of other cells of the same kind: whole models
    and whole sets are drawn anew, and each number with its own noise. `consistent` where it lies below 0.
    """
    cells = sorted(evidence.ordinary(), key=lambda key: key.score)
    groups = [(score, list(keys)) for score, keys in groupby(cells, key=lambda key: key.score)]
    for score, keys in groups:
        yield _verdict(evidence, score, keys, len(groups))


def _verdict(evidence: Evidence, score: str, keys: list[Key], n_rows: int) -> Verdict:
    pairs = {
        key: (evidence.number(key, "bits_per_fact"), evidence.number(key, "hallucination_rate")) for key in keys
    }
    known = [key for key, (bits, rate) in pairs.items() if bits.known and rate.known]
    if len(known) < FEWEST_CELLS:
        reason = f"{len(known)} cells of model and claim set: a rank correlation needs at least {FEWEST_CELLS}."
        return _row(score, (np.nan, np.nan, np.nan), "undecided", reason)
    rng = evidence.rng("hallucination_falls_with_bits", score)
    numbers = [[pairs[key][which] for key in known] for which in (0, 1)]
    ends = _interval(numbers, known, rng, ERROR / n_rows)
    found, lower, upper = ends
    status: Status = "consistent" if upper < 0 else "undecided"
    reason = (
        f"Rank correlation {found:+.2f} ({lower:+.2f} to {upper:+.2f}) of bits per fact with hallucination rate "
        f"over {len(known)} cells of model and claim set; both come from the same scores"
    )
    reason += "; testers that forget more may rise without breaking the floor." if lower > 0 else "."
    return _row(score, ends, status, reason)


def _row(score: str, ends: tuple[float, float, float], status: Status, reason: str) -> Verdict:
    return Verdict(
        ALL_MODELS, ALL_SETS, score, "hallucination_falls_with_bits", -1.0, *ends, status, reason, kind="check"
    )


def _interval(
    numbers: list[list[Measured]], keys: list[Key], rng: np.random.Generator, error: float
) -> tuple[float, float, float]:
    """Correlation and its ends: quantiles over `N_DRAWS` draws of models, of sets, and of each number's noise.

    Cells of a model, or of a set, rise and fall together, so that fewer are independent than there are.
    """
    values = np.array([[number.value for number in row] for row in numbers])
    found = float(rank_correlations(values.reshape(1, -1))[0])
    of_model, of_set = (
        np.unique([getattr(key, name) for key in keys], return_inverse=True)[1] for name in ("model", "claim_set")
    )
    drawn = []
    for noisy in _noisy(numbers, rng):
        cells = np.repeat(np.arange(len(keys)), _multiplicity(of_model, rng) * _multiplicity(of_set, rng))
        # Where no drawn model has a drawn set, nothing is seen, and nothing shows no order.
        drawn.append(rank_correlations(noisy[:, cells].reshape(1, -1))[0] if cells.size else 0.0)
    low, high = np.quantile(drawn, [error / 2, 1 - error / 2])
    return found, min(float(low), found), max(float(high), found)


def _multiplicity(label: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return how often each cell is drawn: as often as its model, or its set."""
    n = int(label.max()) + 1
    return np.asarray(np.bincount(rng.integers(n, size=n), minlength=n)[label])


def _noisy(numbers: list[list[Measured]], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws of (bits, rate) by cell, (draws, 2, cells): normal laws of two halves, as wide as the intervals."""
    value, lower, upper = (
        np.array([[getattr(number, end) for number in row] for row in numbers])
        for end in ("value", "lower", "upper")
    )
    upper = np.where(np.isinf(upper), 2 * value - lower, upper)
    normal = rng.standard_normal((N_DRAWS, *value.shape))
    return np.asarray(value + normal * np.where(normal > 0, upper - value, value - lower) / HALF_WIDTH)


def rank_correlations(both: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's correlation of the first half of each row with the second, (draws, 2 cells) to (draws,).

    0 where one half is all ties: equal numbers show no order.
    """
    ranks = [rankdata(half, axis=1) for half in np.split(both, 2, axis=1)]
    one, other = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    norm = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    found: NDArray[np.float64] = (one * other).sum(axis=1) / np.where(norm > 0, norm, np.inf)
    return found


PREDICTION = Prediction(
    "hallucination_falls_with_bits",
    "check",
    "all",
    "more bits go with fewer hallucinations",
    hallucination_falls_with_bits,
    64,
)
