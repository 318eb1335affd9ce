"""Tasks that engines can pickle: small tables, and the faults that engines must survive."""

import os
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.execution import Placement, ShardStore, advance
from bitsperfact.execution.progress import Remainder
from bitsperfact.execution.task import Worker


@dataclass(frozen=True)
class Power:
    """Opens an exponent, and notes in `log`, where there is one, which process did."""

    exponent: int
    log: Path | None = None

    def __call__(self) -> int:
        if self.log is not None:
            with self.log.open("a") as stream:
                stream.write(f"{self.exponent} {os.getpid()}\n")
        return self.exponent


@dataclass(frozen=True)
class Sum:
    """A task of one item."""

    key: str
    run: Callable[[Any], pd.DataFrame]
    opener: Callable[[], Any] = Power(2)
    n_items: int = 1
    label: str = "sums"


def powers(i: int, exponent: int) -> pd.DataFrame:
    return pd.DataFrame({"x": [i], "y": [float(i**exponent)]})


def sums(n: int = 6, opener: Callable[[], Any] = Power(2), name: str = "t") -> list[Sum]:
    """`n` tasks whose tables hold i and the power that the opener says."""
    return [Sum(f"{name}{i}", partial(powers, i), opener) for i in range(n)]


def first_time(marker: Path) -> bool:
    """Whether no process came here before."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def killed_once(marker: Path, i: int, exponent: int) -> pd.DataFrame:
    if first_time(marker):
        os.kill(os.getpid(), signal.SIGKILL)
    return powers(i, exponent)


def killed(_: int) -> pd.DataFrame:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def starved_once(marker: Path, i: int, exponent: int) -> pd.DataFrame:
    if first_time(marker):
        raise MemoryError
    return powers(i, exponent)


def starved(_: int) -> pd.DataFrame:
    raise MemoryError("1 TB asked for")


def refused(_: int) -> pd.DataFrame:
    raise BadInput("claim 'Paris'", "a finite number", float("nan"))


def broken(_: int) -> pd.DataFrame:
    raise ZeroDivisionError("a bug")


def warned(i: int, exponent: int) -> pd.DataFrame:
    warnings.warn("plain rows", UserWarning, stacklevel=1)
    return powers(i, exponent)


def advancing(n_items: int, seconds: float, exponent: int) -> pd.DataFrame:
    time.sleep(seconds / 2)  # the bar is drawn ten times a second
    advance(n_items)
    time.sleep(seconds / 2)
    return powers(n_items, exponent)


def slow(i: int, exponent: int) -> pd.DataFrame:
    time.sleep(0.1)
    return powers(i, exponent)


def slow_sums(n: int) -> list[Sum]:
    return [Sum(f"t{i}", partial(slow, i)) for i in range(n)]


class LastFirst:
    """An engine of another package."""

    def check(self, placement: Placement, device: str) -> None:
        pass

    def run(self, left: Remainder, store: ShardStore, placement: Placement, needs: Any) -> None:
        for task in reversed(left.tasks):
            store.write(task.key, Worker().table(task))


LAST_FIRST = LastFirst()
