"""What the verdicts on a ladder may look at: the table of cells and the separation table, joined."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.analysis.evidence import Measured, Verdict, figure
from bitsperfact.analysis.ladder.measure import SCORES
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.tables import POOLED, Status

#: `verdict.claim_set` of what is said of all cells of an architecture together.
ALL_SETS = "*"
_UNKNOWN = Measured(np.nan, np.nan, np.nan, "1", resolution_limited=False)


@dataclass(frozen=True)
class Said:
    """What one cell says of a prediction; numbers in the prediction's own unit."""

    cell: str
    predicted: float
    measured: float
    lower: float
    upper: float
    status: Status


@dataclass(frozen=True)
class LadderEvidence:
    """`cells`: the table of cells. `separation`: their measured quantities."""

    cells: pd.DataFrame
    separation: pd.DataFrame
    seed: int

    @cached_property
    def _numbers(self) -> dict[tuple[str, str, str], Measured]:
        columns = ["model", "stratum", "quantity", "value", "lower", "upper", "unit", "resolution_limited"]
        return {
            (model, stratum, quantity): Measured(*numbers)
            for model, stratum, quantity, *numbers in self.separation[columns].itertuples(index=False, name=None)
        }

    def number(self, cell: str, quantity: str, stratum: str = POOLED) -> Measured:
        """A measured number, all NaN where there is none."""
        return self._numbers.get((cell, stratum, quantity), _UNKNOWN)

    def ladders(self, fact_weight: float | None = 0.5) -> Iterator[tuple[str, str, pd.DataFrame]]:
        """(architecture, objective, cells) of each ladder, at one fact weight or, with None, at all."""
        chosen = self.cells if fact_weight is None else self.cells[self.cells["fact_weight"] == fact_weight]
        for (architecture, objective), part in chosen.groupby(["architecture", "objective"], sort=True):
            yield str(architecture), str(objective), part.reset_index(drop=True)

    def rng(self, *names: str) -> np.random.Generator:
        """A generator of random numbers that depends on the seed and these names only."""
        return np.random.default_rng(derived_seed(self.seed, "ladder", *names))


def within(low: float, high: float, lower: float, upper: float) -> Status:
    """`consistent` where the interval meets [low, high], `violated` where it does not, `undecided` if unknown."""
    if np.isnan(lower) or np.isnan(upper):
        return "undecided"
    return "consistent" if lower <= high and upper >= low else "violated"


def median_interval(values: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float, float]:
    """Median of values (n,) with its 95 % bootstrap interval."""
    draws = np.median(rng.choice(values, (1000, values.size)), axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(np.median(values)), float(low), float(high)


#: Shares of an architecture's cells from which on it is violated, and up to which it is consistent. Of 95 %
#: intervals one in twenty misses by chance.
_VIOLATED, _CONSISTENT = 0.25, 0.1


def summed_up(
    evidence: LadderEvidence, prediction: str, architecture: str, objective: str, said: list[Said], meaning: str
) -> Iterator[Verdict]:
    """One verdict per cell, after one on the architecture: how many of its cells agree.

    The architecture's is `consistent` while at most a tenth of its decided cells are violated, `violated` from a
    quarter on, unless unfinished cells alone make it so; between them `undecided`. Its number is the cells'
    median.
    """
    score = SCORES[objective]
    known = [each for each in said if np.isfinite(each.measured)]
    if not known:
        return
    finished = dict(zip(evidence.cells["cell"], evidence.cells["finished"], strict=True))
    measured = np.array([each.measured for each in known])
    ends = median_interval(measured, evidence.rng(prediction, architecture))
    status, counted = _status(said, finished)
    predicted = float(np.median([each.predicted for each in known]))
    worst = max(known, key=lambda each: abs(each.measured - each.predicted))
    far = "" if worst.measured == worst.predicted else f"; farthest {figure(worst.measured)} in {worst.cell}"
    reason = f"{meaning}: {counted}{far}."
    yield Verdict(architecture, ALL_SETS, score, prediction, predicted, *ends, status, reason)
    sets = dict(zip(evidence.cells["cell"], evidence.cells["claim_set"], strict=True))
    for each in said:
        own = each.status
        why = f"{meaning}: {figure(each.measured)} ({figure(each.lower)} to {figure(each.upper)})"
        why += f" against {figure(each.predicted)}"
        if own == "violated" and not finished[each.cell]:
            own, why = "undecided", f"{why}, but training had not reached its plateau"
        numbers = each.predicted, each.measured, each.lower, each.upper
        yield Verdict(each.cell, sets[each.cell], score, prediction, *numbers, own, f"{why}.")


def _status(said: list[Said], finished: dict[str, bool]) -> tuple[Status, str]:
    decided = [each for each in said if each.status != "undecided"]
    against = [each for each in decided if each.status == "violated"]
    excused = [each for each in against if not finished[each.cell]]
    counted = f"{len(decided) - len(against)} of {len(said)} cells agree"
    if excused:
        counted += f" ({len(excused)} of those that do not are unfinished)"
    if not decided:
        return "undecided", counted
    if len(against) <= _CONSISTENT * len(decided):
        return "consistent", counted
    firm = len(against) - len(excused)
    return ("violated" if firm >= _VIOLATED * len(decided) else "undecided"), counted
