"""From what each cell says of a prediction to the verdicts on cells and on their architecture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bitsperfact.analysis.evidence import Measured, Verdict, figure
from bitsperfact.analysis.ladders import Ladder, Ladders
from bitsperfact.analysis.status import judged
from bitsperfact.tables import ALL_SETS, Kind, Status

#: Share of an architecture's cells that may break a prediction before it is broken for the architecture.
MOST_BREAKING = 0.1


@dataclass(frozen=True)
class CellResult:
    """What one cell says of a prediction; numbers in the prediction's own unit.

    `number`: with ends that hold together with those of the other cells. `low`, `high`: the range that the
    prediction leaves to it; either may be infinite. `note`: further words on the number.
    """

    cell: str
    predicted: float
    number: Measured
    low: float
    high: float
    note: str = ""

    @property
    def status(self) -> Status:
        """What the interval says, as if training had reached its plateau."""
        return judged(self.number.lower, self.number.upper, self.low, self.high)

    @property
    def outside(self) -> bool:
        """Whether the number itself, whatever its interval, lies outside what is allowed."""
        return bool(self.number.value < self.low or self.number.value > self.high)

    @property
    def allowed(self) -> str:
        """The range in words."""
        if np.isinf(self.low):
            return f"at most {figure(self.high)}"
        return (
            f"at least {figure(self.low)}" if np.isinf(self.high) else f"{figure(self.low)} to {figure(self.high)}"
        )


def decisive(parts: Sequence[CellResult]) -> CellResult:
    """Return the number that decides where all are to obey: a violated one, else an undecided one."""
    order = ("violated", "undecided", "consistent")
    return min(parts, key=lambda part: order.index(part.status))


def verdicts(
    ladders: Ladders,
    ladder: Ladder,
    prediction: str,
    cells: Sequence[CellResult],
    meaning: str,
    kind: Kind = "evidence",
) -> Iterator[Verdict]:
    """Yield one verdict per cell, after one on the architecture: which share of its cells breaks the prediction.

    Cells are judged at their plateau; others are undecided, and counted nowhere. The architecture's number is the
    share of cells whose number lies outside what is allowed, its lower end the share that surely does, its upper
    end the share that does not surely obey: simultaneous bounds, since the ends of cells hold together. Up to a
    tenth may break it, so that every single one counts where there are fewer than ten.

    Args: `cells`: what each says, with ends that hold together.
    """
    known = [each for each in cells if np.isfinite(each.number.value)]
    if not known:
        return
    counting = [each for each in cells if ladders.finished[each.cell]]
    ends = _shares(counting)
    reason = f"{meaning}, allowed {known[0].allowed}: {_counted(counting, len(cells))}{_typical(known)}."
    status = judged(ends[1], ends[2], 0.0, MOST_BREAKING)
    yield Verdict(ladder.architecture, ALL_SETS, ladder.score, prediction, 0.0, *ends, status, reason, kind)
    for each in cells:
        own, number = each.status, each.number
        why = f"{meaning}: {figure(number.value)} ({figure(number.lower)} to {figure(number.upper)})"
        why += f" against {figure(each.predicted)}, allowed {each.allowed}{each.note}"
        if not ladders.finished[each.cell]:
            own, why = "undecided", f"{why}; training had not reached its plateau"
        key = ladders.keys[each.cell]
        numbers = each.predicted, number.value, number.lower, number.upper
        yield Verdict(key.model, key.claim_set, key.score, prediction, *numbers, own, f"{why}.", kind)


def _shares(cells: Sequence[CellResult]) -> tuple[float, float, float]:
    """Share of cells that break a prediction, with its bounds; unknown where there are none."""
    if not cells:
        return float("nan"), float("nan"), float("nan")
    broken = sum(each.status == "violated" for each in cells)
    kept = sum(each.status == "consistent" for each in cells)
    outside = sum(each.outside or each.status == "violated" for each in cells)
    return outside / len(cells), broken / len(cells), 1 - kept / len(cells)


def _counted(cells: Sequence[CellResult], n_all: int) -> str:
    if not cells:
        return f"none of {n_all} cells has reached its plateau"
    kept, broken = (sum(each.status == name for each in cells) for name in ("consistent", "violated"))
    counted = f"{kept} of {len(cells)} cells surely agree, {broken} surely do not"
    left = n_all - len(cells)
    return counted + (f" ({left} unfinished left out)" if left else "")


def _typical(known: Sequence[CellResult]) -> str:
    median = float(np.median([each.number.value for each in known]))
    worst = max(known, key=lambda each: abs(each.number.value - each.predicted))
    far = ""
    if worst.number.value != worst.predicted:
        far = f", farthest {figure(worst.number.value)} in {worst.cell}"
    return f"; median {figure(median)}{far}"
