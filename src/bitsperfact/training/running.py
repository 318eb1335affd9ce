"""Trains stacks and leaves their files: one after the other, or spread over processes or a cluster."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import pandas as pd
from tqdm import tqdm

from bitsperfact.errors import BadInput
from bitsperfact.files import clear_partial
from bitsperfact.training.cells import Stack
from bitsperfact.training.store import LadderStore, record, scores_table

Progress = Callable[[int], None]


#: Workers that may be lost in a row, without a stack done between, before the run ends.
LOSSES = 4


def train_stack(
    stack: Stack, folder: Path, progress: Progress | None = None, *, checkpoint: Path | None = None
) -> None:
    """Train, evaluate and save one stack, unless its results are there.

    Killed at any moment, the next call goes on from the last checkpoint to the same numbers. A `checkpoint` that
    the caller names is the caller's to remove.
    """
    import torch

    from bitsperfact.training.loop import initial_state, train
    from bitsperfact.training.measuring import measured
    from bitsperfact.training.networks import member_of, network_of
    from bitsperfact.training.saving import save_network

    store = LadderStore(folder)
    if store.is_done(stack):
        return
    # Stacks are what is run at once, and one thread per product gives the same sums every time.
    torch.set_num_threads(1)
    network = network_of(stack.shape)
    state = train(stack, checkpoint or store.checkpoint_path(stack), progress)
    untrained = initial_state(stack, network).parameters
    parts = []
    for index, cell in enumerate(stack.cells):
        scores = measured(stack, network, state.parameters, untrained, index)
        parts.append(scores_table(cell, scores))
        save_network(stack.shape, member_of(state.parameters, index), store.network_path(cell))
    rows = [record(stack, state, index) for index in range(len(stack.cells))]
    store.write(stack, pd.DataFrame(rows), pd.concat(parts, ignore_index=True))
    if checkpoint is None:
        store.checkpoint_path(stack).unlink(missing_ok=True)


def train_all(
    stacks: list[Stack],
    folder: Path,
    workers: int = 1,
    *,
    engine: str = "local",
    address: str | None = None,
    progress: bool = True,
) -> None:
    """Train every stack that lacks results, `workers` at a time; the bar counts arithmetic, done and to come.

    `engine`: `local` (processes of this machine) or `ray` (those of the cluster at `address`, or of one that lives
    for this run). A stack whose worker is lost is trained on by another. Raises: BadInput for engines and
    addresses that do not fit, and where workers keep being lost; what the first failing stack raised. The results
    of the others are kept.
    """
    check_engine(engine, address)
    for name in ("stacks", "checkpoints"):
        clear_partial(folder / name)
    if engine == "ray":
        from bitsperfact.execution import Cluster
        from bitsperfact.training.on_ray import train_on_ray

        train_on_ray(stacks, folder, Cluster(workers, address), progress=progress)
    else:
        _train_here(stacks, folder, workers, progress=progress)


def check_engine(engine: str, address: str | None) -> None:
    """Raise BadInput for an engine that there is not, or an address without use."""
    if engine not in ("local", "ray"):
        raise BadInput("--engine", "local or ray", repr(engine))
    if engine == "ray":
        from bitsperfact.execution import check_installed

        check_installed()
    elif address is not None:
        raise BadInput("--ray-address", "--engine ray", f"--engine {engine}")


def _train_here(stacks: list[Stack], folder: Path, workers: int, *, progress: bool) -> None:
    store = LadderStore(folder)
    missing = [stack for stack in stacks if not store.is_done(stack)]
    total = sum(stack.work for stack in stacks)
    done = total - sum(stack.work for stack in missing)
    if not missing:
        return
    with tqdm(
        total=total, initial=done, unit="FLOP", unit_scale=True, disable=not progress, smoothing=0.05
    ) as bar:
        if workers == 1 or len(missing) == 1:
            for stack in missing:
                counter = _Counter(stack, bar.update)
                train_stack(stack, folder, counter)
                counter.finish()
        else:
            _spread_all(missing, store, workers, bar)


class _Counter:
    """Turns steps into arithmetic; a stack that ends before its last horizon is counted to the end."""

    def __init__(self, stack: Stack, add: Callable[[int], Any]) -> None:
        self._per_step, self._left, self._add = stack.work // max(stack.steps, 1), stack.work, add
        self._steps = 0

    def __call__(self, steps: int) -> None:
        self._steps += steps
        if self._steps >= 20:
            self._count(self._steps * self._per_step)
            self._steps = 0

    def finish(self) -> None:
        """Count what is left."""
        self._count(self._left)

    def _count(self, amount: int) -> None:
        amount = min(amount, self._left)
        self._left -= amount
        self._add(amount)


def _spread_all(stacks: list[Stack], store: LadderStore, workers: int, bar: Any) -> None:
    """Spread stacks over processes, and what is left over new ones where a process was killed."""
    from concurrent.futures.process import BrokenProcessPool

    lost = 0
    while True:
        try:
            return _spread(stacks, store.folder, workers, bar)
        except BrokenProcessPool as error:
            left = [stack for stack in stacks if not store.is_done(stack)]
            lost = lost + 1 if len(left) == len(stacks) else 1
            if lost >= LOSSES:
                raise BadInput("--workers", "processes that live until a stack is done", error) from None
            bar.n = bar.total - sum(stack.work for stack in left)
            stacks = left


def _spread(stacks: list[Stack], folder: Path, workers: int, bar: Any) -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context
    from multiprocessing.managers import SyncManager

    # Spawned, not forked: a fork of a process with threads can hang in torch.
    context = get_context("spawn")
    manager = SyncManager(ctx=context)
    manager.start(_end_with_parent)
    with manager:
        queue = manager.Queue()
        stop = threading.Event()
        listener = threading.Thread(target=_listen, args=(queue, bar, stop), daemon=True)
        listener.start()
        try:
            with ProcessPoolExecutor(workers, mp_context=context, initializer=_alone) as pool:
                futures = [pool.submit(_in_worker, stack, folder, queue) for stack in stacks]
                for future in futures:
                    future.result()
        finally:
            stop.set()
            listener.join()


def _alone() -> None:
    # Read by the libraries of linear algebra as they load, before torch is imported here.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    _end_with_parent()


def _end_with_parent() -> None:
    """End this process as soon as the run is killed: the next one would train the same stacks beside it."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _in_worker(stack: Stack, folder: Path, queue: Any) -> None:
    counter = _Counter(stack, queue.put)
    train_stack(stack, folder, counter)
    counter.finish()


def _listen(queue: Any, bar: Any, stop: threading.Event) -> None:
    while not stop.is_set() or not queue.empty():
        try:
            bar.update(queue.get(timeout=0.2))
        except Empty:
            continue
