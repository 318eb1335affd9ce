"""Prediction: larger models of one family spend more bits on each fact."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict
from bitsperfact.analysis.families import family
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.propagation import propagated
from bitsperfact.analysis.sharing import shared
from bitsperfact.analysis.status import above
from bitsperfact.tables import ALL_MODELS, Status

#: (whose models, their claim set, their score, their cells) of one verdict.
_Group = tuple[str, str, str, list[Key]]


def bits_grow_with_size(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per set, score and family of models whether bits per fact rise with log2 of the number of parameters.

    `measured` is the least-squares slope in bits per doubling of the parameters, its interval propagated from the
    models' intervals; predicted is a slope above 0 (Guo & Li 2026, arXiv 2602.00906: more memory, more bits per
    fact). The theory compares capacities under one training recipe, so only models of one `family` are judged. All
    models of a set together are described where they are of several: `undecided`, whatever the slope. Where a
    model's bits are a lower bound (`resolution_limited`), the slope is decided only if more bits there would not
    turn it. Controls are left out: no size learns random facts, and patterned facts need none.
    """
    groups = list(_groups(evidence))
    n_rows = sum(_is_judged(evidence, keys) for *_, keys in groups)
    for whose, claim_set, score, keys in groups:
        yield _verdict(evidence, whose, claim_set, score, keys, max(n_rows, 1))


def _groups(evidence: Evidence) -> Iterator[_Group]:
    """All models of a set and score, then each family of several sizes among them where there are others."""
    cells = sorted(evidence.ordinary(), key=lambda key: (key.claim_set, key.score, key.model))
    for (claim_set, score), keys in groupby(cells, key=lambda key: (key.claim_set, key.score)):
        together = list(keys)
        yield ALL_MODELS, claim_set, score, together
        names = {key: family(evidence.models[key.model]) for key in together}
        for name in sorted(set(names.values())):
            own = [key for key in together if names[key] == name]
            sizes = {evidence.models[key.model].n_params for key in own}
            if len(own) < len(together) and len(sizes) > 1:
                yield name, claim_set, score, own


def _is_judged(evidence: Evidence, keys: list[Key]) -> bool:
    return len(_families(evidence, keys)) == 1


def _families(evidence: Evidence, keys: list[Key]) -> set[str]:
    return {family(evidence.models[key.model]) for key in keys}


def _verdict(evidence: Evidence, whose: str, claim_set: str, score: str, keys: list[Key], n_rows: int) -> Verdict:
    sizes = np.array([evidence.models[key.model].n_params for key in keys], dtype=float)
    numbers = [shared(evidence.number(key, "bits_per_fact"), n_rows) for key in keys]
    obstacle = _obstacle(sizes, numbers)
    if obstacle:
        return Verdict(
            whose, claim_set, score, "bits_grow_with_size", 0.0, np.nan, np.nan, np.nan, "undecided", obstacle
        )
    rng = evidence.rng("bits_grow_with_size", whose, claim_set, score)
    slope, lower, upper = propagated(lambda bits: slopes(np.log2(sizes), bits), numbers, rng)
    n_families = len(_families(evidence, keys))
    status = above(lower, upper, 0.0) if n_families == 1 else "undecided"
    if _may_turn(status, np.log2(sizes), numbers):
        status = "undecided"
    reason = _reason(slope, lower, upper, n_families, numbers)
    return Verdict(whose, claim_set, score, "bits_grow_with_size", 0.0, slope, lower, upper, status, reason)


def slopes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least-squares slopes of each row of y (draws, points) on x (points,); shape (draws,)."""
    centred = x - x.mean()
    found: NDArray[np.float64] = y @ centred / (centred @ centred)
    return found


def _obstacle(sizes: NDArray[np.float64], numbers: list[Measured]) -> str:
    if len(sizes) < 2:
        return "One model: a slope needs at least two sizes."
    if not (sizes > 0).all() or len(np.unique(sizes)) < 2:
        return f"{len(sizes)} models, but not of at least two known sizes."
    return "" if all(number.known for number in numbers) else "The bits per fact of some model are unknown."


def _may_turn(status: Status, log2_sizes: NDArray[np.float64], numbers: list[Measured]) -> bool:
    """Return whether more bits of a model whose bits are only a lower bound would pull the slope the other way."""
    limited = np.array([number.resolution_limited for number in numbers])
    pull = (log2_sizes - log2_sizes.mean())[limited]
    return bool((pull < 0).any() if status == "consistent" else (pull > 0).any())


def _reason(slope: float, lower: float, upper: float, n_families: int, numbers: list[Measured]) -> str:
    reason = (
        f"{slope:+.2f} bits per doubling of parameters ({lower:+.2f} to {upper:+.2f}) over {len(numbers)} models"
    )
    if n_families > 1:
        reason += f" of {n_families} families, which differ in training data as well as in size"
        reason += ": a description, no test of the theory"
    if any(number.resolution_limited for number in numbers):
        reason += "; some bits are lower bounds (≥)"
    return reason + "."


PREDICTION = Prediction(
    "bits_grow_with_size",
    "evidence",
    "models",
    "larger models of one family spend more bits on each fact",
    bits_grow_with_size,
    1,
)
