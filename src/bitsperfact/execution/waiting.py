"""Tasks that wait for a worker, by opener, and how often each was lost with one."""

from collections import Counter, deque
from collections.abc import Iterable

from bitsperfact.errors import BadInput
from bitsperfact.execution.task import Opener, Task

#: A task may lose this many workers before it, and not the workers, is taken to be at fault.
LOSSES = 4


class Queue:
    """Hands out tasks in order, to workers that keep to one opener each."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._waiting: dict[Opener, deque[Task]] = {}
        self._losses: Counter[str] = Counter()
        for task in tasks:
            self._waiting.setdefault(task.opener, deque()).append(task)

    def next_for(self, opener: Opener) -> Task | None:
        """Return the next task of an opener, no longer queued; None where there is none."""
        waiting = self._waiting[opener]
        return waiting.popleft() if waiting else None

    def in_need(self, starting: "Counter[Opener]") -> Opener | None:
        """Return the first opener with more tasks than workers `starting` for it; None if no worker is needed."""
        short = (opener for opener, waiting in self._waiting.items() if len(waiting) > starting[opener])
        return next(short, None)

    def put_back(self, task: Task, reason: str) -> None:
        """Queue a task again, behind all others, whose worker was lost.

        Raises BadInput, naming the task, where it has lost too many.
        """
        self._losses[task.key] += 1
        if (lost := self._losses[task.key]) >= LOSSES:
            raise BadInput(
                f"shard {task.key} ({task.label})",
                "a worker that lives until it is done",
                f"{lost} that did not, the last with: {reason}",
            )
        self._waiting[task.opener].append(task)
