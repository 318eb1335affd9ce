"""The Ray engine: workers in other processes, on this machine or a cluster's, each stored result written here.

Only this process writes shards, so nothing but it needs to see the run folder, and each is written once. A worker
keeps to one opener, that is to one model, and ends when no task needs that any more: a process's end is what
surely frees its memory. A task that is lost with its worker or node goes back to the queue.
"""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.execution.cluster import Cluster, Needs, joined, share
from bitsperfact.execution.progress import Remainder
from bitsperfact.execution.store import ShardStore
from bitsperfact.execution.task import Bench, Opener, Parcel, Task
from bitsperfact.execution.waiting import LOSSES, Queue

if TYPE_CHECKING:
    from tqdm import tqdm

#: Seconds between two looks at workers of which none reports anything; what Ctrl-C may have to wait.
PATIENCE_S = 1.0


@dataclass(frozen=True)
class Answer:
    """A task's table and the warnings that computing it gave, as (message, category)."""

    table: pd.DataFrame
    warned: tuple[tuple[str, type[Warning]], ...]


class Worker:
    """What runs in a worker's process."""

    def __init__(self) -> None:
        self._bench = Bench()

    def ready(self) -> None:
        """Return once the process is there."""

    def run(self, task: Parcel) -> Answer:
        """Compute a task's table."""
        with warnings.catch_warnings(record=True) as caught:
            table = self._bench.run(task)
        return Answer(table, tuple((str(w.message), w.category) for w in caught))


@dataclass
class Member:
    """A worker as this process sees it: `task` is what it runs, None while it starts."""

    actor: Any
    opener: Opener
    task: Task | None = None


def run_ray(
    tasks: Sequence[Task],
    store: ShardStore,
    cluster: Cluster,
    needs: Mapping[Opener, Needs] | None = None,
    *,
    progress: bool = True,
    unit: str = "claim",
) -> int:
    """Run the tasks that the store lacks on Ray and return how many items they had (0: nothing was left to do).

    `needs` says what workers for an opener take, `unit` what the bar counts. Results are stored as they come: this
    process or any worker killed at any moment loses at most the tasks that were running, and the next call, on
    whichever engine, goes on from there. An exception in a task ends the run and is raised here; memory that runs
    out counts as the loss of the worker. Raises BadInput where a task, or the start of workers, keeps failing with
    lost workers.
    """
    left = Remainder(tasks, store)
    if not left.tasks:
        return 0
    with joined(cluster) as nodes, left.bar(shown=progress, unit=unit) as bar:
        queue = Queue(left.tasks)
        options = {o: share(nodes, cluster.workers, (needs or {}).get(o, Needs())) for o in queue.openers()}
        bar.set_description("waiting for workers")
        with _Crew(queue, store, options, cluster.workers, bar) as crew:
            crew.work()
    return left.n_items


class _Crew:
    """The workers there are, what they do, and what becomes of their results."""

    def __init__(
        self,
        queue: Queue,
        store: ShardStore,
        options: Mapping[Opener, dict[str, float]],
        size: int,
        bar: "tqdm[Any]",
    ) -> None:
        import ray

        self._ray, self._remote = ray, ray.remote(Worker)
        self._queue, self._store, self._options, self._size, self._bar = queue, store, options, size, bar
        self._members: dict[Any, Member] = {}  # by the reference of what each is doing
        self._lost_workers = self._failed_starts = 0
        self._warned: set[tuple[str, type[Warning]]] = set()

    def __enter__(self) -> "_Crew":
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members.values():
            self._dismiss(member)

    def work(self) -> None:
        """Return when every task is stored."""
        self._hire()
        while self._members:
            busy = list(self._members)
            if not self._ray.wait(busy, num_returns=1, timeout=PATIENCE_S)[0]:
                continue
            done, _ = self._ray.wait(busy, num_returns=len(busy), timeout=0)
            failures = [error for reference in done if (error := self._settle(reference)) is not None]
            if failures:  # only now, with the results of the others stored
                raise failures[0]
            self._hire()

    def _hire(self) -> None:
        while len(self._members) < self._size:
            starting = Counter(m.opener for m in self._members.values() if m.task is None)
            opener = self._queue.in_need(starting)
            if opener is None:
                return
            # Ray itself restarts nothing: what a lost worker was doing is known here.
            actor = self._remote.options(max_restarts=0, max_task_retries=0, **self._options[opener]).remote()
            self._members[actor.ready.remote()] = Member(actor, opener)

    def _settle(self, reference: Any) -> Exception | None:
        """Store what a worker did and give it more to do; return what must end the run."""
        member = self._members.pop(reference)
        try:
            answer = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            return self._failed(member, error)
        except _losses(self._ray) as error:
            return self._lost(member, str(error))
        if member.task is None:
            self._failed_starts = 0
        else:
            self._keep(member.task, answer)
        self._give(member)
        return None

    def _keep(self, task: Task, answer: Answer) -> None:
        self._store.write(task.key, answer.table)
        self._bar.set_description(task.label)
        self._bar.update(task.n_items)
        for message, category in answer.warned:
            if (message, category) not in self._warned:
                self._warned.add((message, category))
                warnings.warn(message, category, stacklevel=2)

    def _give(self, member: Member) -> None:
        task = self._queue.next_for(member.opener)
        if task is None:
            self._dismiss(member)
        else:
            parcel = Parcel(task.opener, task.run)
            self._members[member.actor.run.remote(parcel)] = Member(member.actor, member.opener, task)

    def _failed(self, member: Member, error: Any) -> Exception | None:
        cause: Exception = error.cause
        if _out_of_memory(cause):
            return self._lost(member, f"{type(cause).__name__}: {cause}")
        self._dismiss(member)
        cause.add_note(f"In a Ray worker: {error}")
        return cause

    def _lost(self, member: Member, reason: str) -> Exception | None:
        self._dismiss(member)
        self._lost_workers += 1
        self._bar.set_postfix_str(f"{self._lost_workers} workers lost")
        if member.task is None:
            self._failed_starts += 1
            if self._failed_starts >= LOSSES:
                return BadInput("--engine ray", "workers that start", reason)
            return None
        try:
            self._queue.put_back(member.task, reason)
        except BadInput as error:
            return error
        return None

    def _dismiss(self, member: Member) -> None:
        self._ray.kill(member.actor)


def _losses(ray: Any) -> tuple[type[Exception], ...]:
    """What Ray raises where a worker or its node is gone, or a result with it."""
    e = ray.exceptions
    return (
        e.RayActorError,
        e.WorkerCrashedError,
        e.NodeDiedError,
        e.OutOfMemoryError,
        e.ObjectLostError,
        e.ActorUnschedulableError,
    )


def _out_of_memory(error: Exception) -> bool:
    """Whether memory ran out; torch's own exception is told by its name, as nothing here imports torch."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
