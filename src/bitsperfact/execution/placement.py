"""Where tasks are to run and what they take; an engine by its name."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bitsperfact.execution.task import Opener, Task
from bitsperfact.plugins import Room

if TYPE_CHECKING:
    from bitsperfact.execution.progress import Remainder
    from bitsperfact.execution.shard_store import ShardStore


@dataclass(frozen=True)
class Needs:
    """What one worker takes: bytes of main memory, and GPUs where the work may or must run on them.

    `paying_items`: items for which starting one more process on this machine pays; None where it never does.
    """

    memory_bytes: int = 0
    gpu: Literal["never", "where there is one", "always"] = "never"
    paying_items: int | None = None


#: What workers take, by what they open.
NeedsOf = Mapping[Opener, Needs]


@dataclass(frozen=True)
class Placement:
    """Which engine runs tasks, in how many processes at once, and the address of what it joins, if anything.

    `workers` None: as many as pay, at most one per processor.
    """

    engine: str = "local"
    workers: int | None = None
    address: str | None = None

    def check(self, device: str = "auto") -> None:
        """Raise BadInput where no such engine is there, or it cannot use the address or the device asked for."""
        engine_of(self).check(self, device)

    def n_workers(self, tasks: Sequence[Task], needs: NeedsOf) -> int:
        """Return the number of processes at once: what was asked for, else as many as pay (1, a count)."""
        if self.workers is not None:
            return self.workers
        paid = [(task.n_items, needs.get(task.opener, Needs()).paying_items) for task in tasks]
        worth = sum(items / paying for items, paying in paid if paying is not None)
        return max(1, min(processors(), len(tasks), int(worth)))


class Engine(Protocol):
    """Runs tasks somewhere; one file of `execution/engines`, under the attribute ENGINE."""

    def check(self, placement: Placement, device: str) -> None:
        """Raise BadInput for what this engine cannot use, before anything is computed."""

    def run(self, left: "Remainder", store: "ShardStore", placement: Placement, needs: NeedsOf) -> None:
        """Run and store what is left."""


def _is_engine(part: Any) -> bool:
    return callable(getattr(part, "run", None)) and callable(getattr(part, "check", None))


ENGINES = Room("--engine", "bitsperfact.execution.engines", "ENGINE", "bitsperfact.engines", _is_engine)


def engine_of(placement: Placement) -> Engine:
    """Return the engine by its name; raise BadInput where there is none."""
    engine: Engine = ENGINES.find(placement.engine)
    return engine


def processors() -> int:
    """Return how many processors this process may use, where the system says so, else how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
