"""This machine: tasks one after the other in this process, or in several processes."""

from functools import partial

import psutil

from bitsperfact.errors import BadInput
from bitsperfact.execution.crew import work_off
from bitsperfact.execution.placement import NeedsOf, Placement, processors
from bitsperfact.execution.processes import ProcessPool
from bitsperfact.execution.progress import Bar, Remainder, heard_by
from bitsperfact.execution.shard_store import ShardStore
from bitsperfact.execution.task import Task, Worker


class Local:
    """The engine of this machine; with one worker no other process is started."""

    def check(self, placement: Placement, _: str) -> None:
        """Raise BadInput for an address: there is nothing to join."""
        if placement.address is not None:
            raise BadInput("--ray-address", "--engine ray", f"--engine {placement.engine}")

    def run(self, left: Remainder, store: ShardStore, placement: Placement, needs: NeedsOf) -> None:
        """Run what is left; raises BadInput where so many workers do not fit into memory."""
        workers = min(placement.n_workers(left.tasks, needs), len(left.tasks))
        if workers > 1:
            workers = _fitting(workers, placement, needs)
        with left.bar() as bar:
            if workers == 1:
                _run_here(left.tasks, store, bar)
            else:
                work_off(left, store, ProcessPool(max(1, processors() // workers)), workers, bar)


def _run_here(tasks: list[Task], store: ShardStore, bar: Bar) -> None:
    worker = Worker()
    for task in tasks:
        bar.show(task.label)
        with heard_by(partial(bar.advance, task)):
            table = worker.table(task)
        store.write(task.key, table)
        bar.finish(task)


def _fitting(workers: int, placement: Placement, needs: NeedsOf) -> int:
    """Return the number of workers, each of which may hold the largest of what is opened.

    Where the number was not asked for, as many as fit; raises BadInput where it was and they do not.
    """
    each = max((need.memory_bytes for need in needs.values()), default=0)
    free = int(psutil.virtual_memory().available)
    if workers * each <= free:
        return workers
    if placement.workers is None:
        return max(1, free // each)
    raise BadInput(
        f"--workers {placement.workers}",
        f"{each / 1e9:.3g} GB of free memory for each process, which holds a model of its own",
        f"{free / 1e9:.3g} GB in all",
    )


ENGINE = Local()
