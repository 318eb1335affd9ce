"""Trains the stacks of a ladder, wherever they are placed, and leaves their files in its folder."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from bitsperfact import execution
from bitsperfact.execution import Needs, Placement
from bitsperfact.files import clear_partial, write_text
from bitsperfact.training.cells import Stack
from bitsperfact.training.stack_task import MARK, StackStore, StackTask, nothing

#: What a worker takes: the interpreter, torch, and a stack with its moments, its trunk and its scores. It computes
#: 10 GFLOP/s or so (docs/ladder.md), and takes 5 s to start.
NEEDS = Needs(memory_bytes=1 << 30, paying_items=50_000)


def train_all(
    stacks: Sequence[Stack], folder: Path, placement: Placement | None = None, *, progress: bool = True
) -> None:
    """Train every stack that lacks results; the bar counts arithmetic, done and to come.

    Killed at any moment, the next call goes on from the last checkpoints to the same numbers. A stack whose worker
    is lost is trained on by another. Raises: BadInput for placements that cannot be, and where workers keep being
    lost; what the first failing stack raised. The results of the others are kept.
    """
    folder = folder.resolve()
    clear_partial(folder / "checkpoints")
    mark = uuid4().hex
    write_text(folder / MARK, mark)
    try:
        tasks = [StackTask(stack, folder, mark) for stack in stacks]
        store = StackStore(folder / "stacks")
        execution.run(tasks, store, placement, {nothing: NEEDS}, progress=progress, unit="MFLOP")
    finally:
        (folder / MARK).unlink(missing_ok=True)
