"""A stack on Ray whose worker is killed once, in the middle of its training."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bitsperfact.training import Schedule, Universe, ladder, loop, stacks_of
from bitsperfact.training.stack_task import StackTask

UNIVERSE = Universe(alphabet=4, length=6)
SCHEDULE = Schedule(exposures=2, least_steps=24, batch=64, nonfacts=5000)


def stacks(*architectures):
    cells = [
        cell
        for architecture in architectures
        for cell in ladder(architecture, "membership", UNIVERSE, [1200], [60], seeds=2, per_fact=(0.0, 100.0))
    ]
    return stacks_of(cells, SCHEDULE)


@dataclass(frozen=True)
class KilledOnce(StackTask):
    """Notes in `log` at which step each worker that trained it began, and kills the first at its 10th."""

    log: Path = Path()

    def run(self, _: None) -> pd.DataFrame:
        loop.CHECKPOINT_S = 0.0
        first = not self.log.exists()
        plain = loop._Trainer._step

        def step(trainer, state, rate):
            if not begun:
                begun.append(state.step)
                with self.log.open("a") as stream:
                    stream.write(f"{state.step}\n")
            if first and state.step == 10:
                os.kill(os.getpid(), signal.SIGKILL)
            plain(trainer, state, rate)

        begun: list[int] = []
        loop._Trainer._step = step
        try:
            return super().run(_)
        finally:
            loop._Trainer._step = plain
