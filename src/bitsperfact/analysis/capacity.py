"""The law log2(1/q) = c P / n: c, its trends with size and load, and what it predicts of pairs held out."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.analysis.evidence import Evidence
from bitsperfact.analysis.heldout import HeldOut, held_out
from bitsperfact.analysis.ladders import Ladders, ladders_of
from bitsperfact.analysis.regression import Coefficient, least_squares, mean_of

Array = NDArray[np.float64]

#: What may stand for log2(1/q): the counted share of hallucinations, the divergence, the loss's worth.
MEASURES = {"q_star": "log2(1/q)", "bits_per_fact": "KL", "own_bits": "effective bits"}
#: Pairs without which there is no law.
_FEWEST_PAIRS = 4


@dataclass(frozen=True)
class Trend:
    """How c moves with P, or with P / n, the other being equal.

    `slope`: of ln c on log2 of it (1), the relative change per doubling. `span`: doublings between the least and
    the greatest.
    """

    slope: Coefficient
    span: float

    def ratio(self, among: int = 1) -> tuple[float, float, float]:
        """Return c at the greatest over c at the least, with its ends."""
        value, lower, upper = np.exp([self.slope.value * self.span, *self.slope.times(self.span).ends(among)])
        return float(value), float(lower), float(upper)


@dataclass(frozen=True)
class CapacityLaw:
    """One architecture's law by one measure; a point is a pair (P, n), the mean over its seeds.

    `unfinished`: cells short of their plateau that take part. `bits_per_parameter`: c, the mean of bits n / P over
    pairs. `intercept`: bits at P / n = 0 of a line through all pairs. `over_sizes`, `over_loads`: trends of c.
    `new_sizes`, `new_loads`: what the small ones predict of the large ones. `best`: largest c of any single cell,
    `best_cell` its name. `n_pairs`: pairs.
    """

    architecture: str
    measure: str
    unfinished: int
    bits_per_parameter: Coefficient
    intercept: Coefficient
    over_sizes: Trend
    over_loads: Trend
    new_sizes: HeldOut
    new_loads: HeldOut
    best: float
    best_cell: str
    n_pairs: int


def bits_of(ladders: Ladders, cell: str, measure: str) -> float:
    """Return a cell's bits per fact by a measure; NaN where nothing was hallucinated, or nothing measured."""
    value = ladders.number(cell, measure).value
    if measure != "q_star":
        return value
    return float(-np.log2(value)) if value > 0 else float("nan")


@lru_cache(maxsize=4)  # several predictions ask for the laws of the same evidence
def laws(evidence: Evidence, finished: bool = True) -> tuple[CapacityLaw, ...]:
    """Return the law of each architecture and measure at equal fact weights where there are four pairs or more.

    Args: `finished`: whether cells short of their plateau are left out.
    """
    found, ladders = [], ladders_of(evidence)
    for ladder in ladders.each(0.5, "membership"):
        own = ladder.cells[ladder.cells["finished"].astype(bool)] if finished else ladder.cells
        for measure in MEASURES:
            bits = np.array([bits_of(ladders, str(name), measure) for name in own["model"]], dtype=np.float64)
            rng = evidence.rng("ladder", "law", ladder.architecture, measure)
            law = fit_law(own.assign(bits_measured=bits), ladder.architecture, measure, rng)
            if law is not None:
                found.append(law)
    return tuple(found)


def fit_law(cells: pd.DataFrame, architecture: str, measure: str, rng: np.random.Generator) -> CapacityLaw | None:
    """Fit and test the law on the column `bits_measured` of a table of cells, all of which take part.

    Each pair weighs the same in relative terms. Intervals take pairs for independent, and what the law does not
    explain for noise: t-intervals with HC3 errors, and for errors on pairs held out the bootstrap over pairs.
    Returns: None where fewer than four pairs, or fewer than two loads, are measured.
    """
    known = cells[np.isfinite(cells["bits_measured"]) & (cells["bits_measured"] > 0)]
    keys = known[["parameters", "n_facts"]].to_numpy()
    pairs, first, pair = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    size, load = (known[name].to_numpy(dtype=np.float64)[first] for name in ("parameters", "parameters_per_fact"))
    if len(pairs) < _FEWEST_PAIRS or np.unique(load.round(1)).size < 2:
        return None
    bits = np.bincount(pair.ravel(), known["bits_measured"]) / np.bincount(pair.ravel())
    over_sizes, over_loads = _trends(size, load, bits)
    per_parameter = known["bits_measured"] / known["parameters_per_fact"]
    best = per_parameter.idxmax()
    return CapacityLaw(
        architecture,
        measure,
        unfinished=int((~known["finished"].astype(bool)).sum()),
        bits_per_parameter=mean_of(bits / load),
        # The line that makes relative errors least: weights 1 / x^2.
        intercept=least_squares(np.stack([1 / load, np.ones_like(load)], axis=1), bits / load)[0],
        over_sizes=over_sizes,
        over_loads=over_loads,
        new_sizes=held_out(size, bits / load, rng),
        new_loads=held_out(load, bits / load, rng),
        best=float(per_parameter.loc[best]),
        best_cell=str(known.loc[best, "model"]),
        n_pairs=len(pairs),
    )


def _trends(size: Array, load: Array, bits: Array) -> tuple[Trend, Trend]:
    """Trends of ln c with log2 P and log2 P/n, fitted together where there are several sizes."""
    axes = [np.log2(size), np.log2(load)]
    spans = [float(np.ptp(axis)) for axis in axes]
    if spans[0] == 0:
        slope = least_squares(np.stack([np.ones_like(load), axes[1]], axis=1), np.log(bits / load))[1]
        return Trend(Coefficient(np.nan, np.nan, 0), 0.0), Trend(slope, spans[1])
    _, *slopes = least_squares(np.stack([np.ones_like(load), *axes], axis=1), np.log(bits / load))
    first, second = (Trend(slope, span) for slope, span in zip(slopes, spans, strict=True))
    return first, second


def law_table(cells: pd.DataFrame, separation: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return all laws of a ladder, one row per architecture and measure, and another with the unfinished cells.

    Columns beside those of `CapacityLaw`: `pairs`; `heldout_loads` and `heldout_sizes`, median relative errors
    (1); `size_slope` and `load_slope`, relative changes of c per doubling (1); `_lower` and `_upper` are
    ends of 95 %.
    """
    evidence = Evidence(separation.assign(seed=seed), {}, {}, cells)
    everything = [law for law in laws(evidence, finished=False) if law.unfinished]
    return pd.DataFrame([_row(law) for law in [*laws(evidence), *everything]])


def _row(law: CapacityLaw) -> dict[str, object]:
    lower, upper = law.bits_per_parameter.ends()
    row: dict[str, object] = {
        "architecture": law.architecture,
        "measure": law.measure,
        "unfinished": law.unfinished,
        "pairs": law.n_pairs,
        "bits_per_parameter": law.bits_per_parameter.value,
        "lower": lower,
        "upper": upper,
        "heldout_loads": law.new_loads.error,
        "heldout_sizes": law.new_sizes.error,
    }
    shown = {"size_slope": law.over_sizes.slope, "load_slope": law.over_loads.slope, "intercept": law.intercept}
    for name, estimate in shown.items():
        ends = estimate.ends()
        row |= {name: estimate.value, f"{name}_lower": ends[0], f"{name}_upper": ends[1]}
    return row | {"best": law.best, "best_cell": law.best_cell}
