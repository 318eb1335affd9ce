"""What is left to do, and the bar that shows how fast it is done: the same for every engine."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from bitsperfact.execution.shard_store import ShardStore
from bitsperfact.execution.task import Task
from bitsperfact.files import clear_partial

#: Counts from which on the bar shortens them.
_MANY = 10**7

_listener: Callable[[int], object] | None = None


def advance(n_items: int) -> None:
    """Tell whoever runs the current task that so many more of its items are done; the end need not be told."""
    if _listener is not None:
        _listener(n_items)


@contextmanager
def heard_by(listener: Callable[[int], object]) -> Iterator[None]:
    """Pass on to `listener` what the task that runs in this block says with `advance`."""
    global _listener
    _listener = listener
    try:
        yield
    finally:
        _listener = None


class Bar:
    """A progress bar over tasks, which move it as they go and, once done, to the end of their items."""

    def __init__(self, bar: "tqdm[Any]") -> None:
        self._bar = bar
        self._heard: dict[str, int] = {}

    def advance(self, task: Task, n_items: int) -> None:
        """Move by items of a running task, of which there are no more than it has."""
        heard = self._heard.get(task.key, 0)
        n_items = min(n_items, task.n_items - heard)
        self._heard[task.key] = heard + n_items
        self._bar.update(n_items)

    def finish(self, task: Task) -> None:
        """Move to the end of a task."""
        self._bar.update(task.n_items - self._heard.pop(task.key, 0))

    def lose(self, task: Task) -> None:
        """Move back by what was heard of a task that must be run again."""
        self._bar.update(-self._heard.pop(task.key, 0))

    def show(self, label: str) -> None:
        """Show what is run."""
        self._bar.set_description(label)

    def add(self, text: str) -> None:
        """Show a text behind the rate."""
        self._bar.set_postfix_str(text)


class Remainder:
    """The distinct tasks that the store lacks, in order: `tasks`, of `n_items` items together.

    Looks once, when made, and then clears what killed processes left: only for the owner of the store.
    """

    def __init__(self, tasks: Sequence[Task], store: ShardStore, *, shown: bool, unit: str) -> None:
        clear_partial(store.folder)
        unique = {task.key: task for task in tasks}
        self.tasks = [task for key, task in unique.items() if not store.has(key)]
        self.n_items = sum(task.n_items for task in self.tasks)
        self._total = sum(task.n_items for task in unique.values())
        self._shown, self._unit = shown, unit

    @contextmanager
    def bar(self) -> Iterator[Bar]:
        """Show a bar over all tasks that starts with what was done before, with the rate and the time left."""
        with tqdm(
            total=self._total,
            initial=self._total - self.n_items,
            unit=self._unit,
            unit_scale=self._total > _MANY,
            disable=not self._shown,
            smoothing=0.1,
        ) as bar:
            yield Bar(bar)
