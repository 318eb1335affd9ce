"""Disturb runs in every way there is, resume them, and compare their tables with an undisturbed run's.

python scripts/stress_kills.py --kills 50

Kills are SIGKILL at random moments: of the driver, on either engine, of a worker, and of a whole node of a cluster
of two on this machine. Memory and disks run out where the script says so. One process imports everything and forks
the runs; set OMP_NUM_THREADS=1, as sums depend on the number of threads in their last digits. Exit status 1 if any
table differs.
"""

import argparse
import contextlib
import dataclasses
import errno
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

# Imported before forking; Ray is not, as it reads the environment when it is imported.
from bitsperfact import analysis, console, models, pipeline, report  # noqa: F401
from bitsperfact.execution import waiting
from bitsperfact.scoring import tasks
from bitsperfact.scoring.engine.inference import logprob_sums  # noqa: F401

MODELS = ("random:tiny", "random:tiny-gpt2")
TABLES = ("claims", "scores", "separation", "verdict")
SUBJECTS = 60
#: Chance that a shard finds no memory, and that a file finds no room.
STARVED, FULL = 0.05, 0.01


def write_claims(path: Path) -> Path:
    """A file of claims: each subject with its own value and with two others."""
    rows = [
        f"s{i},The code of item {i} is, c{(7 * i + 11 * j) % 997},{int(j == 0)}"
        for i in range(SUBJECTS)
        for j in range(3)
    ]
    path.write_text("\n".join(["group,prefix,target,is_fact", *rows]) + "\n", encoding="utf-8")
    return path


def fork(options: pipeline.Options, fault: Callable[[], None] = lambda: None) -> int:
    """Start a run in a process of its own and return its id; its messages go to `messages` beside its folder."""
    child = os.fork()
    if child == 0:
        with options.out.with_suffix(".messages").open("a") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        status = 1
        try:
            fault()
            status = console.status_of(partial(_run, options))
        finally:  # no exception may leave here: the child would go on as its parent
            os._exit(status)
    return child


def _run(options: pipeline.Options) -> None:
    pipeline.run(options)


def wait(child: int) -> int:
    """Exit status of a run, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def finish(options: pipeline.Options) -> int:
    """Resume a run until it is complete; return how often."""
    for resumed in range(1, 20):
        if wait(fork(options)) == 0:
            return resumed
    raise SystemExit(f"{options.out} does not end: see {options.out.with_suffix('.messages')}")


def children(child: int, name: str) -> list[psutil.Process]:
    """The processes of a run with `name` in their own."""
    with contextlib.suppress(psutil.Error):
        return [p for p in psutil.Process(child).children(recursive=True) if name in p.name()]
    return []


def kill_driver(options: pipeline.Options, after_s: float) -> bool:
    """Kill a run after some seconds; return whether it was still there."""
    child = fork(options)
    time.sleep(after_s)
    agents = children(child, "Agent")
    os.kill(child, signal.SIGKILL)
    killed = wait(child) < 0
    for agent in agents:  # they would notice in a minute; there may be fifty by then
        with contextlib.suppress(psutil.Error):
            agent.kill()
    return killed


def kill_workers(options: pipeline.Options, most: int, rng: random.Random) -> int:
    """Kill random workers of one run, at random moments, until it ends or there were enough; return how many."""
    child, killed = fork(options), 0
    while psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        time.sleep(rng.uniform(0, 3))
        found = children(child, "Worker")
        if found and killed < most:
            with contextlib.suppress(psutil.Error):
                rng.choice(found).kill()
                killed += 1
    wait(child)
    return killed


def note() -> None:
    """Count a fault, in whichever process of a run."""
    with Path(os.environ["INJECTED"]).open("a") as stream:
        stream.write(".")


@dataclasses.dataclass(frozen=True)
class Starved:
    """What computes a shard, now and then without memory; travels to workers by value, as part of this script."""

    compute: Callable[[Any], pd.DataFrame]

    def __call__(self, model: Any) -> pd.DataFrame:
        """The shard's table, given the opened model; raises MemoryError at times."""
        if random.SystemRandom().random() < STARVED:
            note()
            raise MemoryError("injected")
        return self.compute(model)


def without_memory() -> None:
    """From here on, in this process and in workers, some shards find no memory."""
    ready = tasks.ScoringTask.run.fget
    tasks.ScoringTask.run = property(lambda task: Starved(ready(task)))


def without_room() -> None:
    """From here on some files of this process find the disk full."""
    fsync = os.fsync

    def full(handle: int) -> None:
        if random.SystemRandom().random() < FULL:
            note()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "injected")
        fsync(handle)

    os.fsync = full


def until_done(options: pipeline.Options, fault: Callable[[], None]) -> int:
    """Run under a fault until a run ends well; return how often the fault struck."""
    injected = options.out.with_suffix(".injected")
    injected.touch()
    os.environ["INJECTED"] = str(injected)
    for _ in range(200):
        if wait(fork(options, fault)) == 0:
            return injected.stat().st_size
    raise SystemExit(f"{options.out} does not end: see {options.out.with_suffix('.messages')}")


@contextlib.contextmanager
def two_nodes() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Address of a Ray cluster of two nodes of one processor each, and the process of the one to lose."""
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}  # of this cluster alone
    started = partial(subprocess.Popen, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ray_start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--num-cpus", "1", "--block"]
    head = started([*ray_start, "--head", "--port", "6399", "--include-dashboard", "false"])
    time.sleep(15)
    node = started([*ray_start, "--address", "127.0.0.1:6399"])
    time.sleep(10)
    try:
        yield "127.0.0.1:6399", node
    finally:
        del os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"]
        for process in (node, head):
            family = [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
            process.terminate()
            process.wait()
            for left in family:
                with contextlib.suppress(psutil.Error):
                    left.kill()


def lose_node(options: pipeline.Options, rng: random.Random) -> int:
    """Kill everything on one of two nodes while a worker is there; return how many workers that cost."""
    with two_nodes() as (address, node):
        child = fork(dataclasses.replace(options, ray_address=address))
        while not children(node.pid, "Worker"):
            time.sleep(0.1)
        time.sleep(rng.uniform(0, 10))
        lost = len(children(node.pid, "Worker"))
        for process in [*children(node.pid, ""), psutil.Process(node.pid)]:
            with contextlib.suppress(psutil.Error):
                process.kill()
        status = wait(child)
    if status != 0:
        raise SystemExit(f"{options.out} did not outlive its node: see {options.out.with_suffix('.messages')}")
    return lost


def differences(calm: Path, folder: Path) -> list[str]:
    """Tables of a run that are not those of the calm one."""
    return [
        name
        for name in TABLES
        if not pd.read_parquet(calm / f"{name}.parquet").equals(pd.read_parquet(folder / f"{name}.parquet"))
    ]


class Report:
    """A row for each kind of fault."""

    def __init__(self, calm: Path) -> None:
        self._calm, self.failed = calm, False
        print("| fault | engine | times | tables |\n| --- | --- | --- | --- |", flush=True)

    def row(self, fault: str, engine: str, times: int, *folders: Path) -> None:
        """Compare the runs in `folders` and print what was done to them."""
        wrong = [f"{folder.name}: {name}" for folder in folders for name in differences(self._calm, folder)]
        partials = [p.name for folder in folders for p in folder.rglob("*.partial")]
        self.failed |= bool(wrong or partials)
        told = ", ".join(wrong + partials) or f"equal ({len(folders)} run{'s' * (len(folders) > 1)})"
        print(f"| {fault} | {engine} | {times} | {told} |", flush=True)


def killed_runs(
    options: pipeline.Options, kills: int, whole_s: float, rng: random.Random
) -> tuple[int, list[Path]]:
    """Kill the driver of one folder's run over and over until it is done, then of the next: at any moment.

    Runs on Ray are resumed with other numbers of workers, and the last on the local engine. Returns the kills that
    hit, each of which was followed by a resumption, and the folders.
    """
    killed, folders = 0, [options.out.with_name(f"{options.out.name}0")]
    while killed < kills:
        workers = rng.choice((1, 2, 3)) if options.engine == "ray" else 1
        after_s = rng.uniform(0, whole_s)
        if kill_driver(dataclasses.replace(options, out=folders[-1], workers=workers), after_s):
            killed += 1
        else:
            whole_s = after_s  # a run takes less than was thought
            folders.append(options.out.with_name(f"{options.out.name}{len(folders)}"))
    finish(dataclasses.replace(options, out=folders[-1], engine="local", workers=1))
    return killed, folders


def stress(folder: Path, kills: int, seed: int) -> bool:
    """Run everything; return whether any table differed."""
    rng = random.Random(seed)
    tasks.SHARD_REQUESTS = 4  # many moments between two shards
    waiting.LOSSES = 20  # workers die here for no fault of their shards
    os.environ["BITSPERFACT_CACHE"] = str(folder / "cache")
    local = pipeline.Options(
        model=MODELS,
        claims=(str(write_claims(folder / "items.csv")),),
        out=folder / "calm",
        score=("calibrated", "p_true", "probe"),
        replicates=10,
        cache=False,  # every run is to compute
        progress=False,
    )
    on_ray = dataclasses.replace(local, engine="ray", workers=2)

    # Two runs at once, first, so that both find an empty cache; the calm run is one of them.
    both = [fork(local), fork(dataclasses.replace(on_ray, out=folder / "beside"))]
    time.sleep(1.0)
    third = wait(fork(dataclasses.replace(on_ray, out=folder / "beside")))
    statuses = [wait(child) for child in both]
    if statuses != [0, 0] or third != console.BAD_INPUT:
        raise SystemExit(f"two runs at once: {statuses}, a third in the same folder: {third}")
    told = Report(local.out)
    told.row("two at once, empty cache; a third in one folder refused", "both", 1, folder / "beside")

    for options, share in ((local, 0.4), (on_ray, 0.3)):
        start = time.monotonic()
        finish(dataclasses.replace(options, out=folder / f"{options.engine}-timed"))
        whole_s = time.monotonic() - start
        named = dataclasses.replace(options, out=folder / f"{options.engine}-driver")
        killed, folders = killed_runs(named, int(kills * share), whole_s, rng)
        told.row("driver killed", options.engine, killed, *folders)

    killed, folders = 0, []
    while killed < int(kills * 0.3):
        one = dataclasses.replace(on_ray, out=folder / f"ray-worker{len(folders)}")
        killed += kill_workers(one, int(kills * 0.3) - killed, rng)
        finish(dataclasses.replace(one, engine="local", workers=1))
        folders.append(one.out)
    told.row("worker killed", "ray", killed, *folders)

    one = dataclasses.replace(on_ray, out=folder / "ray-node")
    told.row("node killed, with its workers", "ray", lose_node(one, rng), one.out)

    faults = {
        f"no memory for {STARVED:.0%} of shards": without_memory,
        f"no room for {FULL:.0%} of files": without_room,
    }
    for options in (local, on_ray):
        for name, fault in faults.items():
            one = dataclasses.replace(options, out=folder / f"{options.engine}-{fault.__name__}")
            told.row(name, options.engine, until_done(one, fault), one.out)
    return told.failed


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="keep the runs here (default: a temporary folder)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        return int(stress(folder, asked.kills, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
