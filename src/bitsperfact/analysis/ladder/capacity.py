"""The law log2(1/q) = c P / n: c from half of the cells, the other half foretold."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.analysis.ladder.evidence import LadderEvidence

Array = NDArray[np.float64]

#: What may stand for log2(1/q): the counted share of hallucinations, the divergence, the loss's worth.
MEASURES = {"q_star": "log2(1/q)", "bits_per_fact": "KL", "bits_effective": "effective bits"}
_RESAMPLES = 400


@dataclass(frozen=True)
class Law:
    """One architecture's law by one measure.

    `bits_per_parameter`: c (bits) with its 95 % interval, fitted on half of the (P, n) pairs. `error`: median
    relative error (1) on the other half. `intercept`: bits at P / n = 0 of a line through all pairs. `best`:
    largest c of any single cell, `best_cell` its name. `n_fitted`, `n_foretold`: pairs.
    """

    architecture: str
    measure: str
    bits_per_parameter: tuple[float, float, float]
    error: tuple[float, float, float]
    intercept: tuple[float, float, float]
    best: float
    best_cell: str
    n_fitted: int
    n_foretold: int
    n_unfinished: int


def bits_of(evidence: LadderEvidence, cell: str, measure: str) -> float:
    """Bits per fact of a cell by a measure; NaN where no non-fact was hallucinated or nothing was measured."""
    value = evidence.number(cell, measure).value
    if measure != "q_star":
        return value
    return float(-np.log2(value)) if value > 0 else float("nan")


def laws(evidence: LadderEvidence) -> list[Law]:
    """The law of each architecture and measure, at equal fact weights, wherever there are four pairs or more."""
    found = []
    for architecture, objective, cells in evidence.ladders():
        if objective != "membership":
            continue
        for measure in MEASURES:
            bits = np.array([bits_of(evidence, name, measure) for name in cells["cell"]])
            law = fit_law(
                cells.assign(bits_measured=bits), architecture, measure, evidence.rng("law", architecture)
            )
            if law is not None:
                found.append(law)
    return found


def fit_law(cells: pd.DataFrame, architecture: str, measure: str, rng: np.random.Generator) -> Law | None:
    """Fit and test the law on the column `bits_measured` of a table of cells.

    A pair (P, n) is one point, the mean over its seeds. Pairs are dealt like the squares of a chessboard over
    ranks of P and of n / P, so that both halves span all sizes and loads. c is the mean of bits n / P, every pair
    weighing the same, which makes relative errors least. Intervals resample pairs, and seeds within them.
    Returns: None where fewer than four pairs, or fewer than two loads, are measured.
    """
    known = cells[np.isfinite(cells["bits_measured"]) & (cells["bits_measured"] > 0)]
    groups = [part for _, part in known.groupby(["parameters", "n_facts"], sort=True)]
    if len(groups) < 4 or known["parameters_per_fact"].round(1).nunique() < 2:
        return None
    x = np.array([part["parameters_per_fact"].iloc[0] for part in groups])
    fitted = _chessboard(groups)
    bits = [part["bits_measured"].to_numpy(dtype=np.float64) for part in groups]
    draws = np.array([_statistics(x, fitted, *_resampled(bits, rng)) for _ in range(_RESAMPLES)])
    everything = np.arange(len(groups))
    estimate = _statistics(x, fitted, np.array([own.mean() for own in bits]), everything)
    lows, highs = np.nanquantile(draws, [0.025, 0.975], axis=0)
    c, error, intercept = ((float(estimate[i]), float(lows[i]), float(highs[i])) for i in range(3))
    per_parameter = known["bits_measured"] / known["parameters_per_fact"]
    best = per_parameter.idxmax()
    return Law(
        architecture,
        measure,
        c,
        error,
        intercept,
        best=float(per_parameter.loc[best]),
        best_cell=str(known.loc[best, "cell"]),
        n_fitted=int(fitted.sum()),
        n_foretold=int((~fitted).sum()),
        n_unfinished=int((~cells["finished"].astype(bool)).sum()),
    )


def _chessboard(groups: list[pd.DataFrame]) -> NDArray[np.bool_]:
    sizes = [int(part["parameters"].iloc[0]) for part in groups]
    rank_of_size = {size: i for i, size in enumerate(sorted(set(sizes)))}
    seen: dict[int, int] = {}
    white = []
    for size in sizes:
        place = seen[size] = seen.get(size, -1) + 1
        white.append((rank_of_size[size] + place) % 2 == 0)
    return np.array(white)


def _resampled(bits: list[Array], rng: np.random.Generator) -> tuple[Array, NDArray[np.intp]]:
    means = np.array([rng.choice(own, own.size).mean() for own in bits])
    return means, rng.integers(len(bits), size=len(bits))


def _statistics(x: Array, fitted: NDArray[np.bool_], bits: Array, chosen: NDArray[np.intp]) -> Array:
    """(c, median relative error, intercept) of chosen pairs; NaN where a half is empty."""
    ratio, white = bits[chosen] / x[chosen], fitted[chosen]
    if not white.any() or white.all():
        return np.full(3, np.nan)
    c = ratio[white].mean()
    error = np.median(np.abs(c / ratio[~white] - 1))
    return np.array([c, error, _intercept(x[chosen], bits[chosen])])


def _intercept(x: Array, y: Array) -> float:
    """Intercept of the line that makes relative errors least: weights 1 / x^2."""
    if np.ptp(x) == 0:
        return float("nan")
    design = np.stack([np.ones_like(x), x], axis=1) / x[:, None]
    return float(np.linalg.lstsq(design, y / x, rcond=None)[0][0])


def law_table(cells: pd.DataFrame, separation: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """All laws of a ladder, one row per architecture and measure; see `Law`."""
    rows = [
        {
            "architecture": law.architecture,
            "measure": law.measure,
            "bits_per_parameter": law.bits_per_parameter[0],
            "lower": law.bits_per_parameter[1],
            "upper": law.bits_per_parameter[2],
            "heldout_error": law.error[0],
            "intercept": law.intercept[0],
            "intercept_lower": law.intercept[1],
            "intercept_upper": law.intercept[2],
            "best": law.best,
            "best_cell": law.best_cell,
        }
        for law in laws(LadderEvidence(cells, separation, seed))
    ]
    return pd.DataFrame(rows)
