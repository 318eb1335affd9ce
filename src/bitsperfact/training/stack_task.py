"""A stack as a task: trained in a folder of its own, it comes back as files, which the run's process writes.

Where workers see the run folder they keep checkpoints in it, so that a stack whose worker is lost goes on from the
last one; elsewhere it starts again. Either way its numbers are those of a run in one process.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from bitsperfact.execution import ShardStore, advance
from bitsperfact.files import atomic_file
from bitsperfact.training.cells import Stack
from bitsperfact.training.ladder_store import LadderStore, record, scores_table

#: A file in the run folder by which a worker knows that it sees the same folder, and not one of the same name.
MARK = ".shared"
#: Operations per item of the progress bar.
_PER_ITEM = 10**6
#: Steps between two reports of progress.
_STEPS = 20


def nothing() -> None:
    """Open nothing: a stack needs nothing but itself."""


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
        """Train, and return the files of the stack: columns `file` (path below the run folder) and `content`, the
        table of results last.
        """
        with TemporaryDirectory() as name:
            own = LadderStore(Path(name))
            seen = LadderStore(self.folder) if self._sees_run_folder() else own
            _train(self.stack, own, seen.checkpoint_path(self.stack), self._report())
            kept = [p for p in sorted(own.folder.rglob("*")) if p.is_file() and p.parent.name != "checkpoints"]
            last = own.record_path(self.stack)
            kept.sort(key=lambda path: path == last)
            names = [path.relative_to(own.folder).as_posix() for path in kept]
            return pd.DataFrame({"file": names, "content": [path.read_bytes() for path in kept]})

    def _sees_run_folder(self) -> bool:
        with suppress(OSError):
            return (self.folder / MARK).read_text(encoding="utf-8") == self.mark
        return False

    def _report(self) -> Callable[[int], None]:
        """Return what turns steps into items of progress."""
        done = reported = 0

        def report(steps: int) -> None:
            nonlocal done, reported
            done += steps
            items = done // _STEPS * _STEPS * self.n_items // max(self.stack.steps, 1)
            if items > reported:
                advance(items - reported)
                reported = items

        return report


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


def _train(stack: Stack, store: LadderStore, checkpoint: Path, progress: Callable[[int], None]) -> None:
    """Train, evaluate and save one stack; goes on from the last checkpoint to the same numbers."""
    import torch

    from bitsperfact.training.architectures import network_of, save_network
    from bitsperfact.training.loop import initial_state, train
    from bitsperfact.training.measuring import measured
    from bitsperfact.training.networks import member_of

    # Stacks are what is run at once, and one thread per product gives the same sums every time.
    torch.set_num_threads(1)
    network = network_of(stack.shape)
    state = train(stack, checkpoint, progress)
    untrained = initial_state(stack, network).parameters
    parts = []
    for index, cell in enumerate(stack.cells):
        scores = measured(stack, network, state.parameters, untrained, index)
        parts.append(scores_table(cell, scores))
        save_network(stack.shape, member_of(state.parameters, index), store.network_path(cell))
    rows = [record(stack, state, index) for index in range(len(stack.cells))]
    store.write(stack, pd.DataFrame(rows), pd.concat(parts, ignore_index=True))
