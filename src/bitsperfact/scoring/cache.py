"""Shards out of the cache of answers: what any run has computed is taken from there, the rest is computed.

The run folder gets whole shards all the same, those it would have without a cache, and depends on it no more.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.execution import ShardStore
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.segments import AnswerCache, folder_of, short_keys, trim
from bitsperfact.scoring.shards import Shards
from bitsperfact.scoring.surveyed import SurveyedShards
from bitsperfact.scoring.tasks import Read, ScoringTask

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True, eq=False)
class CompletedReading:
    """Computes the rest of a shard: `known` says which of its requests have `answers`."""

    rest: "Callable[[LoadedModel], pd.DataFrame]"
    known: NDArray[np.bool_]
    answers: pd.DataFrame

    def __call__(self, loaded: "LoadedModel") -> pd.DataFrame:
        """Return the table of the whole shard."""
        places = np.concatenate([np.flatnonzero(self.known), np.flatnonzero(~self.known)])
        table = pd.concat([self.answers, self.rest(loaded)], ignore_index=True)
        return table.iloc[np.argsort(places)].reset_index(drop=True)


def _completing(
    cache: AnswerCache, read: Read, requests: tuple[Request, ...]
) -> "Callable[[LoadedModel], pd.DataFrame]":
    """Return what computes the requests that the cache lacks, and takes the others from there."""
    known, answers = cache.find(requests)
    if not known.any():
        return read(requests)
    return CompletedReading(read(_lacking(requests, known)), known, answers)


def _lacking(requests: Sequence[Request], known: NDArray[np.bool_]) -> tuple[Request, ...]:
    return tuple(request for request, is_known in zip(requests, known, strict=True) if not is_known)


class _Pending:
    """What the tasks of a round will have computed, for one model: keys of requests, 8 bytes each.

    Requests of one file of shards are distinct, so each is compared with those of other files only.
    """

    def __init__(self) -> None:
        self._shards: Shards | SurveyedShards | None = None
        self._now: list[NDArray[np.uint64]] = []
        self._before = np.empty(0, dtype=np.uint64)

    def take(self, shards: Shards | SurveyedShards, requests: Sequence[Request]) -> bool:
        """Note the requests unless one of them is pending already; tasks of one file come in a row."""
        if shards is not self._shards:
            self._before = np.sort(np.concatenate([self._before, *self._now]))
            self._shards, self._now = shards, []
        keys = short_keys(requests)
        if len(self._before):
            slots = np.minimum(np.searchsorted(self._before, keys), len(self._before) - 1)
            if (self._before[slots] == keys).any():
                return False
        self._now.append(keys)
        return True


@dataclass(frozen=True)
class CachedStore(ShardStore):
    """A run's shards, where answers come from the cache and go into it."""

    _computed: dict[str, tuple[AnswerCache, ScoringTask]] = field(default_factory=dict, compare=False)

    def rounds(self, tasks: Sequence[ScoringTask]) -> Iterator[list[ScoringTask]]:
        """Yield the tasks to run on this store: done before the next are taken, they leave every task stored.

        What one task of a run computes another does not, so one that overlaps with an earlier one waits for a
        round of its own. Without anything to compute there is no round.
        """
        trim()
        unique = {task.key: task for task in tasks}
        while lacking := [task for key, task in unique.items() if not self.has(key)]:
            if now := self._round(lacking):
                yield [task for key, task in unique.items() if self.has(key)] + now

    def _round(self, lacking: Sequence[ScoringTask]) -> list[ScoringTask]:
        caches: dict[tuple[str, ...], AnswerCache] = {}
        pending: dict[tuple[str, ...], _Pending] = {}
        now: list[ScoringTask] = []
        self._computed.clear()
        for task in lacking:
            if task.cached_for is None:
                now.append(task)
                continue
            if task.cached_for not in caches:
                caches[task.cached_for] = AnswerCache(folder_of(task.cached_for), task.reader.columns)
            cache, requests = caches[task.cached_for], task.requests
            known, answers = cache.find(requests)
            if known.all():
                super().write(task.key, answers)
            elif pending.setdefault(task.cached_for, _Pending()).take(task.shards, _lacking(requests, known)):
                self._computed[task.key] = (cache, task)
                now.append(replace(task, read=partial(_completing, cache, task.read)))
        return now

    def write(self, key: str, table: pd.DataFrame) -> None:
        """Store a task's table, and before it, so that a kill loses neither, its new answers in the cache."""
        if key in self._computed:
            cache, task = self._computed[key]
            requests = task.requests
            known, _ = cache.find(requests)
            cache.add(_lacking(requests, known), table[~known])
        super().write(key, table)
