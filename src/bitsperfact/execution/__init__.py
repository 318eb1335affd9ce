"""Runs tasks and keeps their results, knowing nothing of what the tasks compute.

`run` takes tasks, the store of their results and a `Placement`: which engine, and how many processes at once.
"""

from collections.abc import Sequence

from bitsperfact.execution.placement import Needs, NeedsOf, Placement, engine_of
from bitsperfact.execution.progress import Remainder, advance
from bitsperfact.execution.shard_store import ShardStore
from bitsperfact.execution.task import Opener, Task

__all__ = ["Needs", "Opener", "Placement", "ShardStore", "Task", "advance", "run"]


def run(
    tasks: Sequence[Task],
    store: ShardStore,
    placement: Placement | None = None,
    needs: NeedsOf | None = None,
    *,
    progress: bool = True,
    unit: str = "claim",
) -> int:
    """Run the tasks that the store lacks and return how many items they had (0: nothing was left to do).

    `needs` says what a worker for an opener takes, `unit` what the bar counts. Results are stored as they come:
    this process or any worker killed at any moment loses at most the tasks that were running, and the next call,
    on whichever engine, goes on from there. An exception in a task ends the run and is raised here; in another
    process memory that runs out counts as the loss of that process. Raises BadInput for a placement that cannot
    be, and where a task, or the start of workers, keeps failing with lost workers.
    """
    placement = placement or Placement()
    left = Remainder(tasks, store, shown=progress, unit=unit)
    if left.tasks:
        engine_of(placement).run(left, store, placement, needs or {})
    return left.n_items
