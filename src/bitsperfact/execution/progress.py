"""What is left to do, and the bar that shows how fast it is done: the same for every engine."""

from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from bitsperfact.execution.store import ShardStore
from bitsperfact.execution.task import Task
from bitsperfact.files import clear_partial

#: Counts from which on the bar shortens them.
_MANY = 10**7


class Remainder:
    """The distinct tasks that the store lacks, in order: `tasks`, of `n_items` items together.

    Looks once, when made, and then clears what killed processes left: only for the owner of the store.
    """

    def __init__(self, tasks: Sequence[Task], store: ShardStore) -> None:
        clear_partial(store.folder)
        unique = {task.key: task for task in tasks}
        self.tasks = [task for key, task in unique.items() if not store.has(key)]
        self.n_items = sum(task.n_items for task in self.tasks)
        self._total = sum(task.n_items for task in unique.values())

    def bar(self, *, shown: bool, unit: str = "claim") -> "tqdm[Any]":
        """A bar over all tasks that starts with what was done before; it shows the rate and the time left."""
        done = self._total - self.n_items
        scaled = self._total > _MANY
        return tqdm(
            total=self._total, initial=done, unit=unit, unit_scale=scaled, disable=not shown, smoothing=0.1
        )
