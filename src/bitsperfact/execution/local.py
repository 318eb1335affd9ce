"""The local engine: tasks one after the other in this process, each stored as soon as it is done."""

from collections.abc import Sequence

from tqdm import tqdm

from bitsperfact.execution.store import ShardStore, Task


def run_local(tasks: Sequence[Task], store: ShardStore, *, progress: bool = True) -> int:
    """Run the tasks that the store lacks and return how many items they had (0: nothing was left to do).

    A process killed at any moment loses at most the task that was running; the next call goes on from there.
    """
    unique = {task.key: task for task in tasks}
    store.clear_partial()
    missing = [task for key, task in unique.items() if not store.has(key)]
    total = sum(task.n_items for task in unique.values())
    to_do = sum(task.n_items for task in missing)
    if not missing:
        return 0
    with tqdm(total=total, initial=total - to_do, unit="claim", disable=not progress, smoothing=0.1) as bar:
        for task in missing:
            bar.set_description(task.label)
            store.write(task.key, task.run())
            bar.update(task.n_items)
    return to_do
