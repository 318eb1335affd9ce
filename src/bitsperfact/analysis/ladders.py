"""The evidence on networks that the run trained: their table of cells beside what was measured of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pandas as pd

from bitsperfact.analysis.evidence import UNKNOWN, Evidence, Key, Measured
from bitsperfact.analysis.sharing import shared


@dataclass(frozen=True)
class Ladder:
    """Cells of one architecture and objective; `score`: the score that they have. `cells`: their table."""

    architecture: str
    objective: str
    score: str
    cells: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Ladders:
    """All ladders of a run."""

    evidence: Evidence

    @property
    def cells(self) -> pd.DataFrame:
        """The table of cells, without rows where the run trained none."""
        cells = self.evidence.cells
        return pd.DataFrame(columns=["architecture", "objective", "fact_weight"]) if cells is None else cells

    @cached_property
    def keys(self) -> dict[str, Key]:
        """What each cell's own numbers stand under."""
        sets = dict(zip(self.cells["model"], self.cells["claim_set"], strict=True)) if len(self.cells) else {}
        return {key.model: key for key in self.evidence.scored(None) if sets.get(key.model) == key.claim_set}

    @cached_property
    def finished(self) -> dict[str, bool]:
        """Whether the training of each cell reached its plateau."""
        return {
            str(cell): bool(done) for cell, done in zip(self.cells["model"], self.cells["finished"], strict=True)
        }

    @cached_property
    def _controls(self) -> dict[tuple[str, str, int | None], str]:
        return {
            (info.base, info.control, info.distance): info.name
            for info in self.evidence.claim_sets.values()
            if info.base
        }

    def number(self, cell: str, quantity: str) -> Measured:
        """Return a number of a cell, all NaN where there is none."""
        key = self.keys.get(cell)
        return UNKNOWN if key is None else self.evidence.maybe(key, quantity)

    def beside(self, cell: str, quantity: str, control: str, distance: int | None = None) -> Measured:
        """Return a number of a cell on a control of its own facts, all NaN where there is none."""
        key = self.keys.get(cell)
        name = None if key is None else self._controls.get((key.claim_set, control, distance))
        if key is None or name is None:
            return UNKNOWN
        return self.evidence.maybe(Key(cell, name, key.score), quantity)

    def shared(self, cell: str, quantity: str, among: int) -> Measured:
        """Return a number of a cell with ends that hold together with those of `among` others."""
        return shared(self.number(cell, quantity), max(among, 1))

    def each(self, fact_weight: float | None = 0.5, objective: str | None = None) -> Iterator[Ladder]:
        """Yield the ladders.

        Args: `fact_weight`, `objective`: of the cells that are wanted; None for all.
        """
        chosen = self.cells
        if fact_weight is not None:
            chosen = chosen[chosen["fact_weight"] == fact_weight]
        if objective is not None:
            chosen = chosen[chosen["objective"] == objective]
        for (architecture, own), part in chosen.groupby(["architecture", "objective"], sort=True):
            score = next((self.keys[name].score for name in part["model"] if name in self.keys), "")
            yield Ladder(str(architecture), str(own), score, part.reset_index(drop=True))

    def n_finished(self, fact_weight: float | None = 0.5, objective: str | None = None) -> int:
        """Return how many cells a prediction is judged on in this run: those of `each` at their plateau."""
        return sum(int(ladder.cells["finished"].sum()) for ladder in self.each(fact_weight, objective))


@lru_cache(maxsize=4)  # several predictions ask for the same ones
def ladders_of(evidence: Evidence) -> Ladders:
    """Return the ladders of a run; none where it trained no network."""
    return Ladders(evidence)
