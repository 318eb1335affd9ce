"""Answers to the distinct requests of a family, put together from finished shards: 17 bytes each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.scoring.registry import Answers

#: Columns of a shard of answers, and what they are held as.
KINDS: dict[str, type[np.generic]] = {
    "logprob_sum": np.float64,
    "n_tokens": np.int32,
    "n_bytes": np.int32,
    "boundary_ok": np.bool_,
}
Slots = NDArray[np.integer[Any]]


class _Finished(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def n_items(self) -> int: ...


@dataclass(frozen=True)
class Results:
    """The columns of `KINDS`, shape (n_requests,), one number each for every distinct request."""

    held: dict[str, NDArray[Any]]

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Results":
        """The columns of a table in memory."""
        return cls({name: table[name].to_numpy(dtype=kind) for name, kind in KINDS.items()})

    def answers(self, slots: Slots) -> Answers:
        """The answers to each claim's requests, which stand at `slots`: shape (n_claims, per_claim)."""
        return Answers(self.held["logprob_sum"][slots], self.held["n_tokens"][slots])

    def columns(self, slots: Slots) -> dict[str, NDArray[Any]]:
        """What the scores table says of the requests at `slots`."""
        return {name: held[slots] for name, held in self.held.items()}


def results_of(tasks: Sequence[_Finished], read: Callable[[str], pd.DataFrame]) -> Results:
    """Read the tables of finished tasks, in order."""
    n = sum(task.n_items for task in tasks)
    results = Results({name: np.empty(n, dtype=kind) for name, kind in KINDS.items()})
    start = 0
    for task in tasks:
        table = read(task.key)
        for name, held in results.held.items():
            held[start : start + task.n_items] = table[name]
        start += task.n_items
    return results
