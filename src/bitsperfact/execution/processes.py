"""Worker processes of this machine."""

import os
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

from bitsperfact.execution.crew import Advanced, Event, Failed, Lost, Ready
from bitsperfact.execution.progress import heard_by
from bitsperfact.execution.task import Opener, Work, Worker

#: Read by the libraries of linear algebra as they load.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, eq=False)
class _Process:
    process: Any
    connection: "Connection[Any, Any]"


class ProcessPool:
    """Processes of `threads` threads each, spawned: a fork of a process with threads can hang in torch."""

    option = "--workers"

    def __init__(self, threads: int) -> None:
        self._context, self._threads = get_context("spawn"), threads
        self._workers: dict[Any, _Process] = {}  # by connection

    def start(self, _: Opener) -> _Process:
        """Start a process."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,))
        with _environment(dict.fromkeys(_THREADS, str(self._threads))):
            process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        return self._workers.setdefault(ours, _Process(process, ours))

    def give(self, worker: _Process, work: Work) -> None:
        """Send what is to be computed; that a process is gone shows when it is listened to."""
        with suppress(OSError):
            worker.connection.send(work)

    def events(self, patience_s: float) -> list[tuple[_Process, Event]]:
        """Return one report of each process that has any."""
        heard = [self._workers[each] for each in wait(list(self._workers), patience_s)]
        return [(worker, _received(worker)) for worker in heard]

    def end(self, worker: _Process) -> None:
        """Kill a process and wait for its end."""
        del self._workers[worker.connection]
        worker.process.kill()
        worker.process.join()
        worker.connection.close()


def _received(worker: _Process) -> Event:
    try:
        event: Event = worker.connection.recv()
    except (EOFError, OSError):  # nothing, or half a message
        worker.process.join()
        return Lost(f"a process that died with status {worker.process.exitcode}")
    return event


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Add settings that the user has not made to the environment of processes that are started in the block."""
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _serve(connection: "Connection[Any, Any]") -> None:
    """Compute what comes through the pipe, one table after the other, until the process is killed."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle, which then ends this process
    worker = Worker()
    connection.send(Ready())
    while True:
        work = connection.recv()
        try:
            with heard_by(lambda n_items: connection.send(Advanced(n_items))):
                answer = worker.answer(work)
        except Exception as error:
            connection.send(Failed(_sendable(error), f"In a worker process: {traceback.format_exc()}"))
        else:
            connection.send(answer)


def _sendable(error: Exception) -> Exception:
    """Return the exception, or one that says the same where it cannot be pickled."""
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    """End this process as soon as the run is killed: the next one would do the same work beside it."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
