"""From what each cell says of a prediction to the verdicts on cells and on their architecture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bitsperfact.analysis.evidence import Verdict, figure
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.measure import SCORES
from bitsperfact.analysis.status import judged
from bitsperfact.tables import Kind, Status

#: `verdict.claim_set` of what is said of all cells of an architecture together.
ALL_SETS = "*"
#: Share of an architecture's cells that may break a prediction before it is broken for the architecture.
MOST_BREAKING = 0.1


@dataclass(frozen=True)
class Said:
    """What one cell says of a prediction; numbers in the prediction's own unit.

    `low`, `high`: the range that the prediction leaves to the number; either may be infinite. `exact`: whether the
    predicted number holds exactly, so that an interval without it breaks the prediction however near it lies, and
    the range only says how narrow an interval must be to support it. `note`: further words on the number.
    """

    cell: str
    predicted: float
    measured: float
    lower: float
    upper: float
    low: float
    high: float
    exact: bool = False
    note: str = ""

    @property
    def status(self) -> Status:
        """What the interval says, as if training had reached its plateau."""
        if self.exact and (self.lower > self.predicted or self.upper < self.predicted):
            return "violated"
        return judged(self.lower, self.upper, self.low, self.high)

    @property
    def outside(self) -> bool:
        """Whether the number itself, whatever its interval, lies outside what is allowed."""
        return bool(self.measured < self.low or self.measured > self.high)

    @property
    def allowed(self) -> str:
        """The range in words."""
        if np.isinf(self.low) and np.isinf(self.high):
            return figure(self.predicted)
        if np.isinf(self.low):
            return f"at most {figure(self.high)}"
        return (
            f"at least {figure(self.low)}" if np.isinf(self.high) else f"{figure(self.low)} to {figure(self.high)}"
        )


def decisive(parts: Sequence[Said]) -> Said:
    """Of several numbers that are all to obey, the one that decides: a violated one, else an undecided one."""
    order = ("violated", "undecided", "consistent")
    return min(parts, key=lambda part: order.index(part.status))


def verdicts(
    evidence: LadderEvidence,
    prediction: str,
    ladder: tuple[str, str],
    cells: Sequence[Said],
    meaning: str,
    kind: Kind = "evidence",
) -> Iterator[Verdict]:
    """One verdict per cell, after one on the architecture: which share of its cells breaks the prediction.

    Cells are judged at their plateau; others are undecided, and counted nowhere. The architecture's number is the
    share of cells whose number lies outside what is allowed, its lower end the share that surely does, its upper
    end the share that does not surely obey: simultaneous bounds, since the ends of cells hold together. Up to a
    tenth may break it, so that every single one counts where there are fewer than ten. A `check` needs no plateau.

    Args: `ladder`: architecture and objective. `cells`: what each says, with ends that hold together.
    """
    known = [each for each in cells if np.isfinite(each.measured)]
    if not known:
        return
    architecture, objective = ladder
    counting = [each for each in cells if kind == "check" or evidence.finished[each.cell]]
    ends = _shares(counting)
    reason = f"{meaning}, allowed {known[0].allowed}: {_counted(counting, len(cells))}{_typical(known)}."
    status = judged(ends[1], ends[2], 0.0, MOST_BREAKING)
    yield Verdict(architecture, ALL_SETS, SCORES[objective], prediction, 0.0, *ends, status, reason, kind)
    sets = dict(zip(evidence.cells["model"], evidence.cells["claim_set"], strict=True))
    for each in cells:
        own = each.status
        why = f"{meaning}: {figure(each.measured)} ({figure(each.lower)} to {figure(each.upper)})"
        why += f" against {figure(each.predicted)}, allowed {each.allowed}{each.note}"
        if kind != "check" and not evidence.finished[each.cell]:
            own, why = "undecided", f"{why}; training had not reached its plateau"
        numbers = each.predicted, each.measured, each.lower, each.upper
        yield Verdict(each.cell, sets[each.cell], SCORES[objective], prediction, *numbers, own, f"{why}.", kind)


def _shares(cells: Sequence[Said]) -> tuple[float, float, float]:
    """Share of cells that break a prediction, with its bounds; unknown where there are none."""
    if not cells:
        return float("nan"), float("nan"), float("nan")
    broken = sum(each.status == "violated" for each in cells)
    kept = sum(each.status == "consistent" for each in cells)
    outside = sum(each.outside or each.status == "violated" for each in cells)
    return outside / len(cells), broken / len(cells), 1 - kept / len(cells)


def _counted(cells: Sequence[Said], n_all: int) -> str:
    if not cells:
        return f"none of {n_all} cells has reached its plateau"
    kept, broken = (sum(each.status == name for each in cells) for name in ("consistent", "violated"))
    counted = f"{kept} of {len(cells)} cells surely agree, {broken} surely do not"
    left = n_all - len(cells)
    return counted + (f" ({left} unfinished left out)" if left else "")


def _typical(known: Sequence[Said]) -> str:
    median = float(np.median([each.measured for each in known]))
    worst = max(known, key=lambda each: abs(each.measured - each.predicted))
    far = "" if worst.measured == worst.predicted else f", farthest {figure(worst.measured)} in {worst.cell}"
    return f"; median {figure(median)}{far}"
