"""What the verdicts on a ladder may look at: the table of cells and the separation table, joined."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bitsperfact.analysis.evidence import Measured
from bitsperfact.analysis.ladder.simultaneous import Ends, share_ends
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.tables import POOLED

_UNKNOWN = Measured(np.nan, np.nan, np.nan, "1", resolution_limited=False)
_NUMBER = ["value", "lower", "upper", "unit", "resolution_limited"]


@dataclass(frozen=True, eq=False)
class LadderEvidence:
    """`cells`: the table of cells. `separation`: their measured quantities."""

    cells: pd.DataFrame
    separation: pd.DataFrame
    seed: int

    @cached_property
    def _rows(self) -> dict[tuple[str, str, str], tuple[Measured, int, int]]:
        columns = ["model", "stratum", "quantity", *_NUMBER, "n_facts", "n_nonfacts"]
        return {
            (model, stratum, quantity): (Measured(*numbers), n, N)
            for model, stratum, quantity, *numbers, n, N in self.separation[columns].itertuples(
                index=False, name=None
            )
        }

    @cached_property
    def finished(self) -> dict[str, bool]:
        """Whether the training of each cell reached its plateau."""
        return {
            str(cell): bool(done) for cell, done in zip(self.cells["model"], self.cells["finished"], strict=True)
        }

    def number(self, cell: str, quantity: str, stratum: str = POOLED) -> Measured:
        """A measured number, all NaN where there is none."""
        return self._rows.get((cell, stratum, quantity), (_UNKNOWN, 0, 0))[0]

    def share(self, cell: str, quantity: str, among: int, stratum: str = POOLED) -> Ends:
        """Ends of a counted share of non-facts, for `among` of them to hold together.

        Those near a fact are drawn with replacement, several to a fact: they are worth no more than the facts.
        """
        number, n_facts, n_nonfacts = self._rows.get((cell, stratum, quantity), (_UNKNOWN, 0, 0))
        worth = n_nonfacts if stratum == POOLED else min(n_facts, n_nonfacts)
        return share_ends(number.value, worth, among)

    def share_of_facts(self, cell: str, quantity: str, among: int) -> Ends:
        """Ends of a counted share of facts, for `among` of them to hold together."""
        number, n_facts, _ = self._rows.get((cell, POOLED, quantity), (_UNKNOWN, 0, 0))
        return share_ends(number.value, n_facts, among)

    def ladders(
        self, fact_weight: float | None = 0.5, objective: str | None = None
    ) -> Iterator[tuple[str, str, pd.DataFrame]]:
        """(architecture, objective, cells) of each ladder.

        Args: `fact_weight`, `objective`: of the cells that are wanted; None for all.
        """
        chosen = self.cells
        if fact_weight is not None:
            chosen = chosen[chosen["fact_weight"] == fact_weight]
        if objective is not None:
            chosen = chosen[chosen["objective"] == objective]
        for (architecture, own), part in chosen.groupby(["architecture", "objective"], sort=True):
            yield str(architecture), str(own), part.reset_index(drop=True)

    def n_finished(self, fact_weight: float | None = 0.5, objective: str | None = None) -> int:
        """Cells that a prediction is judged on in this run: those of `ladders` at their plateau."""
        return sum(int(part["finished"].sum()) for *_, part in self.ladders(fact_weight, objective))

    def rng(self, *names: str) -> np.random.Generator:
        """A generator of random numbers that depends on the seed and these names only."""
        return np.random.default_rng(derived_seed(self.seed, "ladder", *names))
