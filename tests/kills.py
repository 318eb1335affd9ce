"""Kills runs with -9 at random moments and resumes them; used inside the forking processes of tests."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def kill_and_resume(
    forked: Callable[[Path], int],
    folder: Path,
    kills: int,
    share: float,
    seed: int,
    kill: Callable[[int, int], None] = os.kill,
) -> dict[str, float]:
    """Leave `folder`/calm, undisturbed, and `folder`/killed0, 1, ...: kills that hit, and the calm run's seconds.

    `forked` starts a run in a process of its own, given its folder, and returns its id; each is killed within
    `share` of what the calm one took.
    """
    start = time.monotonic()
    assert os.waitpid(forked(folder / "calm"), 0)[1] == 0
    whole_s = time.monotonic() - start
    rng, killed, finished = np.random.default_rng(seed), 0, 0
    while killed < kills:
        # One folder is killed over and over until it is done, then the next: both early and late moments are hit.
        child = forked(folder / f"killed{finished}")
        time.sleep(rng.uniform(0, share * whole_s))
        kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        finished += not os.WIFSIGNALED(status)
    assert os.waitpid(forked(folder / f"killed{finished}"), 0)[1] == 0
    return {"killed": killed, "whole_s": whole_s}
