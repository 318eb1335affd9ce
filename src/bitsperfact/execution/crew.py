"""Worker processes that share tasks out, whichever engine starts them, and what becomes of their results.

Only this process writes results, so nothing but it needs to see the run folder, and each is written once. A worker
keeps to one opener, that is to one model, and ends when no task needs that any more: a process's end is what
surely frees its memory. A task that is lost with its worker or node goes back to the queue.
"""

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any, Protocol

from bitsperfact.errors import BadInput
from bitsperfact.execution.progress import Bar, Remainder
from bitsperfact.execution.shard_store import ShardStore
from bitsperfact.execution.task import Answer, Opener, Task, Work
from bitsperfact.execution.waiting import LOSSES, Queue

#: Seconds between two looks at workers of which none reports anything; what Ctrl-C may have to wait.
PATIENCE_S = 1.0


@dataclass(frozen=True)
class Ready:
    """A worker has started."""


@dataclass(frozen=True)
class Advanced:
    """A worker's task has done so many more items."""

    n_items: int


@dataclass(frozen=True)
class Failed:
    """A worker's task raised an exception; `note` says where."""

    error: Exception
    note: str


@dataclass(frozen=True)
class Lost:
    """A worker, or the node it was on, is gone."""

    reason: str


#: What a worker reports.
Event = Ready | Advanced | Answer | Failed | Lost


class WorkerPool(Protocol):
    """How an engine starts, feeds, hears and ends workers; a worker is any hashable value."""

    #: The option that asks for these workers, for messages.
    option: str

    def start(self, opener: Opener) -> Any:
        """Start a worker for tasks of an opener and return it at once; it reports `Ready`."""

    def give(self, worker: Any, work: Work) -> None:
        """Let a worker compute a table."""

    def events(self, patience_s: float) -> list[tuple[Any, Event]]:
        """Wait for reports, at most so many seconds; all there are, in order for each worker."""

    def end(self, worker: Any) -> None:
        """End a worker, whatever it does."""


@dataclass
class _Member:
    """A worker as this process sees it: `task` is what it runs, None while it starts."""

    opener: Opener
    task: Task | None = None


def work_off(left: Remainder, store: ShardStore, pool: WorkerPool, size: int, bar: Bar) -> None:
    """Run and store what is left, on at most `size` workers at once, all of which have ended on return.

    Raises: what a task raised, with the results of the others stored; BadInput where workers keep being lost.
    """
    crew = _Crew(Queue(left.tasks), store, pool, size, bar)
    bar.show("waiting for workers")
    try:
        crew.work()
    finally:
        crew.end()


class _Crew:
    """The workers there are and what they do."""

    def __init__(self, queue: Queue, store: ShardStore, pool: WorkerPool, size: int, bar: Bar) -> None:
        self._queue, self._store, self._pool, self._size, self._bar = queue, store, pool, size, bar
        self._members: dict[Any, _Member] = {}
        self._lost_workers = self._failed_starts = 0
        self._warned: set[tuple[str, type[Warning]]] = set()

    def work(self) -> None:
        """Return when every task is stored."""
        self._fill()
        while self._members:
            reports = self._pool.events(PATIENCE_S)
            failures = [e for worker, event in reports if (e := self._settle(worker, event)) is not None]
            if failures:  # only now, with the results of the others stored
                raise failures[0]
            self._fill()

    def end(self) -> None:
        """End every worker."""
        for worker in list(self._members):
            self._end(worker)

    def _end(self, worker: Any) -> None:
        del self._members[worker]
        self._pool.end(worker)

    def _fill(self) -> None:
        while len(self._members) < self._size:
            starting = Counter(m.opener for m in self._members.values() if m.task is None)
            opener = self._queue.in_need(starting)
            if opener is None:
                return
            self._members[self._pool.start(opener)] = _Member(opener)

    def _settle(self, worker: Any, event: Event) -> Exception | None:
        """Do what a report asks for; return what must end the run."""
        member = self._members.get(worker)
        if member is None:  # it ended by an earlier report
            return None
        match event:
            case Failed(error, _) if _out_of_memory(error):
                return self._lost(worker, member, f"{type(error).__name__}: {error}")
            case Failed(error, note):
                self._end(worker)
                error.add_note(note)
                return error
            case Lost(reason):
                return self._lost(worker, member, reason)
            case Advanced(n_items):
                if member.task is not None:
                    self._bar.advance(member.task, n_items)
            case Ready():
                self._failed_starts = 0
                self._give(worker, member)
            case Answer():
                self._keep(member, event)
                self._give(worker, member)
        return None

    def _keep(self, member: _Member, answer: Answer) -> None:
        if member.task is None:
            raise TypeError("an answer must follow a task")
        self._store.write(member.task.key, answer.table)
        self._bar.finish(member.task)
        for message, category in answer.warned:
            if (message, category) not in self._warned:
                self._warned.add((message, category))
                warnings.warn(message, category, stacklevel=2)

    def _give(self, worker: Any, member: _Member) -> None:
        member.task = task = self._queue.next_for(member.opener)
        if task is None:
            self._end(worker)
        else:
            self._bar.show(task.label)
            self._pool.give(worker, Work(task.opener, task.run))

    def _lost(self, worker: Any, member: _Member, reason: str) -> Exception | None:
        self._end(worker)
        self._lost_workers += 1
        self._bar.add(f"{self._lost_workers} workers lost")
        if member.task is None:
            self._failed_starts += 1
            if self._failed_starts >= LOSSES:
                return BadInput(self._pool.option, "workers that start", reason)
            return None
        self._bar.lose(member.task)
        try:
            self._queue.put_back(member.task, reason)
        except BadInput as error:
            return error
        return None


def _out_of_memory(error: Exception) -> bool:
    """Return whether memory ran out; torch's own exception is told by its name, as nothing here imports torch."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
