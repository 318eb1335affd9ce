"""Shards out of the cache of answers: what any run has computed is taken from there, the rest is computed.

The run folder gets whole shards all the same, those it would have without a cache, and depends on it no more.
Hidden states are not cached: they are a thousand times larger than an answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.execution import ShardStore
from bitsperfact.scoring.answers import AnswerCache, folder_of, trim
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tasks import Answering, ScoringTask

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True, eq=False)
class Completing:
    """Computes the rest of a shard: `known` says which of its requests have `answers`."""

    rest: Answering
    known: NDArray[np.bool_]
    answers: pd.DataFrame

    def __call__(self, loaded: "LoadedModel") -> pd.DataFrame:
        """Return the table of the whole shard."""
        places = np.concatenate([np.flatnonzero(self.known), np.flatnonzero(~self.known)])
        table = pd.concat([self.answers, self.rest(loaded)], ignore_index=True)
        return table.iloc[np.argsort(places)].reset_index(drop=True)


@dataclass(frozen=True)
class SharedStore(ShardStore):
    """A run's shards, where answers come from the cache and go into it."""

    _computed: dict[str, tuple[AnswerCache, Answering, NDArray[np.bool_]]] = field(
        default_factory=dict, compare=False
    )

    def rounds(self, tasks: Sequence[ScoringTask]) -> Iterator[list[ScoringTask]]:
        """Yield the tasks to run on this store: done before the next are asked for, they leave every task stored.

        What one task of a run computes another does not, so one that overlaps with an earlier one waits for a
        round of its own. Without anything to compute there is no round.
        """
        trim()
        unique = {task.key: task for task in tasks}
        while lacking := [task for key, task in unique.items() if not self.has(key)]:
            if now := self._round(lacking):
                yield [task for key, task in unique.items() if self.has(key)] + now

    def _round(self, lacking: Sequence[ScoringTask]) -> list[ScoringTask]:
        caches: dict[tuple[str, str, str], AnswerCache] = {}
        promised: dict[tuple[str, str, str], set[Request]] = {}
        now: list[ScoringTask] = []
        for task in lacking:
            run = task.run
            if not isinstance(run, Answering):
                now.append(task)
                continue
            asked = run.fingerprint, run.dtype, run.settings.bos
            cache = caches.setdefault(asked, AnswerCache(folder_of(*asked)))
            known, answers = cache.find(run.requests)
            if known.all():
                super().write(task.key, answers)
                continue
            missing = [request for request, is_known in zip(run.requests, known, strict=True) if not is_known]
            if promised.setdefault(asked, set()).isdisjoint(missing):
                promised[asked].update(missing)
                rest = replace(run, requests=tuple(missing))
                self._computed[task.key] = (cache, rest, ~known)
                now.append(replace(task, run=Completing(rest, known, answers) if known.any() else run))
        return now

    def write(self, key: str, table: pd.DataFrame) -> None:
        """Store a task's table, and before it, so that a kill loses neither, its new answers in the cache."""
        if key in self._computed:
            cache, computed, where = self._computed[key]
            cache.add(computed.requests, table[where])
        super().write(key, table)
