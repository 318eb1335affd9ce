"""Prediction: larger models spend more bits on each fact."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict
from bitsperfact.analysis.propagation import propagated
from bitsperfact.tables import ALL_MODELS, Status

PREDICTION = "bits_grow_with_size"


def bits_grow_with_size(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per set and score whether bits per fact rise with log2 of the number of parameters.

    `measured` is the least-squares slope in bits per doubling of the parameters, its interval propagated from the
    models' intervals; predicted is a slope above 0 (Guo & Li 2026, arXiv 2602.00906: more memory, more bits per
    fact). The theory compares capacities under one training recipe. Across architectures the training data differ
    as well as the size, so there a falling slope is `undecided`, not `violated`. Where a model's bits are a lower
    bound (`resolution_limited`), the slope is decided only if more bits there would not turn it. Controls are left
    out: no size learns random facts, and patterned facts need none.
    """
    ordinary = [key for key in evidence.cells() if evidence.claim_sets[key.claim_set].control == "none"]
    cells = sorted(ordinary, key=lambda key: (key.claim_set, key.score, key.model))
    for (claim_set, score), keys in groupby(cells, key=lambda key: (key.claim_set, key.score)):
        yield _verdict(evidence, claim_set, score, list(keys))


def _verdict(evidence: Evidence, claim_set: str, score: str, keys: list[Key]) -> Verdict:
    sizes = np.array([evidence.models[key.model].n_params for key in keys], dtype=float)
    families = sorted({evidence.models[key.model].architecture for key in keys})
    numbers = [evidence.number(key, "bits_per_fact") for key in keys]
    obstacle = _obstacle(sizes, numbers)
    if obstacle:
        return Verdict(
            ALL_MODELS, claim_set, score, PREDICTION, 0.0, np.nan, np.nan, np.nan, "undecided", obstacle
        )
    rng = evidence.rng(PREDICTION, claim_set, score)
    slope, lower, upper = propagated(lambda bits: slopes(np.log2(sizes), bits), numbers, rng)
    status = _status(lower, upper, one_family=len(families) == 1)
    if _may_turn(status, np.log2(sizes), numbers):
        status = "undecided"
    reason = _reason(slope, lower, upper, families, numbers)
    return Verdict(ALL_MODELS, claim_set, score, PREDICTION, 0.0, slope, lower, upper, status, reason)


def slopes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least-squares slopes of each row of y (draws, points) on x (points,); shape (draws,)."""
    centred = x - x.mean()
    found: NDArray[np.float64] = y @ centred / (centred @ centred)
    return found


def _obstacle(sizes: NDArray[np.float64], numbers: list[Measured]) -> str:
    if len(sizes) < 2:
        return "One model: a slope needs at least two sizes."
    if not (sizes > 0).all() or len(np.unique(sizes)) < 2:
        return f"{len(sizes)} models, but not of at least two known sizes."
    return "" if all(number.known for number in numbers) else "The bits per fact of some model are unknown."


def _status(lower: float, upper: float, *, one_family: bool) -> Status:
    if lower > 0:
        return "consistent"
    return "violated" if upper < 0 and one_family else "undecided"


def _may_turn(status: Status, log2_sizes: NDArray[np.float64], numbers: list[Measured]) -> bool:
    """Whether more bits of a model whose bits are only a lower bound would pull the slope the other way."""
    limited = np.array([number.resolution_limited for number in numbers])
    pull = (log2_sizes - log2_sizes.mean())[limited]
    return bool((pull < 0).any() if status == "consistent" else (pull > 0).any())


def _reason(slope: float, lower: float, upper: float, families: list[str], numbers: list[Measured]) -> str:
    said = (
        f"{slope:+.2f} bits per doubling of parameters ({lower:+.2f} to {upper:+.2f}) over {len(numbers)} models"
    )
    if len(families) > 1:
        said += f" of {len(families)} architectures, which differ in training data as well as in size"
        said += ", so the slope alone does not test the theory"
    if any(number.resolution_limited for number in numbers):
        said += "; some bits are lower bounds (≥)"
    return said + "."
