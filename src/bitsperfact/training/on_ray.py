"""Stacks on Ray: each is trained in a worker's own folder and comes back as files, which this process writes.

Where workers see the run folder they keep checkpoints in it, so that a stack whose worker is lost goes on from the
last one; elsewhere it starts again. Either way its numbers are those of a run in this process.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pandas as pd

from bitsperfact.execution import Cluster, Needs, ShardStore, run_ray
from bitsperfact.files import atomic_file, write_text
from bitsperfact.training.cells import Stack
from bitsperfact.training.store import LadderStore

#: Main memory of a worker: the interpreter, torch, and a stack with its moments, its trunk and its scores.
WORKER_BYTES = 1 << 30
#: Operations per item of the progress bar.
_PER_ITEM = 10**6
#: A file in the run folder by which a worker knows that it sees the same folder, and not one of the same name.
_MARK = ".shared"


def nothing() -> None:
    """What opens nothing: a stack needs nothing but itself."""


@dataclass(frozen=True)
class StackTask:
    """One stack to train; `mark` is what the file `.shared` holds in the run folder."""

    stack: Stack
    folder: Path
    mark: str

    @property
    def key(self) -> str:
        """The stack's id."""
        return self.stack.id

    @property
    def n_items(self) -> int:
        """Millions of operations (1, a count)."""
        return max(1, self.stack.work // _PER_ITEM)

    @property
    def label(self) -> str:
        """Its first cell."""
        return self.stack.cells[0].name

    @property
    def opener(self) -> Callable[[], None]:
        """Nothing is opened."""
        return nothing

    def run(self, _: None) -> pd.DataFrame:
        """Train, and return the files that `train_stack` leaves: columns `file` (path below the run folder) and
        `content`, the table of results last.
        """
        from bitsperfact.training.running import train_stack

        with TemporaryDirectory() as name:
            own = LadderStore(Path(name))
            seen = LadderStore(self.folder) if self._sees_run_folder() else own
            train_stack(self.stack, own.folder, checkpoint=seen.checkpoint_path(self.stack))
            kept = [p for p in sorted(own.folder.rglob("*")) if p.is_file() and p.parent.name != "checkpoints"]
            last = own.record_path(self.stack)
            kept.sort(key=lambda path: path == last)
            names = [path.relative_to(own.folder).as_posix() for path in kept]
            return pd.DataFrame({"file": names, "content": [path.read_bytes() for path in kept]})

    def _sees_run_folder(self) -> bool:
        with suppress(OSError):
            return (self.folder / _MARK).read_text(encoding="utf-8") == self.mark
        return False


@dataclass(frozen=True)
class StackStore(ShardStore):
    """The folder `stacks` of a ladder: a task is finished once its table of results is there."""

    def write(self, key: str, table: pd.DataFrame) -> None:
        """Write a stack's files into the run folder, in order, and remove its checkpoint."""
        run = self.folder.parent
        for name, content in zip(table["file"], table["content"], strict=True):
            with atomic_file(run / name) as partial:
                partial.write_bytes(content)
        (run / "checkpoints" / f"{key}.pt").unlink(missing_ok=True)


def train_on_ray(stacks: list[Stack], folder: Path, cluster: Cluster, *, progress: bool = True) -> None:
    """Train every stack that lacks results on a Ray cluster, one processor each.

    A stack whose worker is lost goes to another. Raises BadInput where there is no such cluster, or where a stack
    keeps losing its workers.
    """
    folder = folder.resolve()
    mark = uuid4().hex
    write_text(folder / _MARK, mark)
    try:
        tasks = [StackTask(stack, folder, mark) for stack in stacks]
        needs = {nothing: Needs(WORKER_BYTES)}
        run_ray(tasks, StackStore(folder / "stacks"), cluster, needs, progress=progress, unit="MFLOP")
    finally:
        (folder / _MARK).unlink(missing_ok=True)
