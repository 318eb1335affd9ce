"""What engines run: tasks, and the openers of what tasks need. Nothing here knows what either does.

A task says how its result is named, which opener opens what it needs (a model, say), and how its table is computed
with that. A task may read what it needs only when it is asked for `run`. An engine that runs tasks in other
processes asks just before it pickles that and the opener, so both are values: frozen dataclasses and functions of
modules. Equal openers open the same thing, which a process then opens once for many tasks. A task that takes long
may call `execution.advance` as it goes.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

Opener = Callable[[], Any]


class Task(Protocol):
    """Something that yields a table; equal keys mean equal tables."""

    @property
    def key(self) -> str:
        """Identifies the result; a file name."""

    @property
    def n_items(self) -> int:
        """How much the progress bar moves when the task is done."""

    @property
    def label(self) -> str:
        """What the progress bar shows while the task runs."""

    @property
    def opener(self) -> Opener:
        """Opens what `run` is given; hashable."""

    @property
    def run(self) -> Callable[[Any], pd.DataFrame]:
        """Compute the table, with what the opener opened."""


@dataclass(frozen=True)
class Work:
    """What of a task another process needs, with whatever the task had not read before."""

    opener: Opener
    run: Callable[[Any], pd.DataFrame]


@dataclass(frozen=True)
class Answer:
    """A task's table and the warnings that computing it gave, as (message, category)."""

    table: pd.DataFrame
    warned: tuple[tuple[str, type[Warning]], ...] = ()


class Worker:
    """Runs tasks in this process, and keeps what one task's opener opened for the next task with an equal one."""

    def __init__(self) -> None:
        self._opened: tuple[Opener, Any] | None = None

    def table(self, task: Task | Work) -> pd.DataFrame:
        """Compute a task's table."""
        if self._opened is None or self._opened[0] != task.opener:
            self._opened = None  # before the next is opened: two might not fit into memory
            self._opened = (task.opener, task.opener())
        return task.run(self._opened[1])

    def answer(self, work: Work) -> Answer:
        """Compute a task's table and keep the warnings, which are shown in another process."""
        with warnings.catch_warnings(record=True) as caught:
            table = self.table(work)
        return Answer(table, tuple((str(w.message), w.category) for w in caught))
