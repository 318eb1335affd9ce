"""The local engine: tasks one after the other in this process, each stored as soon as it is done."""

from collections.abc import Sequence

from bitsperfact.execution.progress import Remainder
from bitsperfact.execution.store import ShardStore
from bitsperfact.execution.task import Bench, Task


def run_local(tasks: Sequence[Task], store: ShardStore, *, progress: bool = True) -> int:
    """Run the tasks that the store lacks and return how many items they had (0: nothing was left to do).

    A process killed at any moment loses at most the task that was running; the next call goes on from there.
    """
    left = Remainder(tasks, store)
    if not left.tasks:
        return 0
    bench = Bench()
    with left.bar(shown=progress) as bar:
        for task in left.tasks:
            bar.set_description(task.label)
            store.write(task.key, bench.run(task))
            bar.update(task.n_items)
    return left.n_items
