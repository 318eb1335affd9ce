"""Ray: workers in other processes, of a cluster that lives for this run or of the one at an address."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.execution.cluster import check_installed, joined, share
from bitsperfact.execution.crew import PATIENCE_S, Advanced, Event, Failed, Lost, Ready, work_off
from bitsperfact.execution.placement import Needs, NeedsOf, Placement
from bitsperfact.execution.progress import Remainder, heard_by
from bitsperfact.execution.shard_store import ShardStore
from bitsperfact.execution.task import Answer, Opener, Work, Worker


class Ray:
    """The engine of a Ray cluster."""

    def check(self, _: Placement, device: str) -> None:
        """Raise BadInput where Ray is missing, and for a device that it cannot place."""
        check_installed()
        if ":" in device:
            raise BadInput("--device", "one that Ray can place (auto, cpu, cuda or mps)", device)

    def run(self, left: Remainder, store: ShardStore, placement: Placement, needs: NeedsOf) -> None:
        """Run what is left; raises BadInput where no node holds what a worker takes."""
        workers = placement.n_workers(left.tasks, needs)
        openers = dict.fromkeys(task.opener for task in left.tasks)
        with joined(workers, placement.address) as nodes:
            options = {opener: share(nodes, workers, needs.get(opener, Needs())) for opener in openers}
            with left.bar() as bar:
                work_off(left, store, ActorPool(options), workers, bar)


class RayWorker:
    """What runs in a worker's process, in two threads: one computes, the other says how far it is."""

    def __init__(self) -> None:
        self._worker, self._advanced = Worker(), 0

    def ready(self) -> Ready:
        """Return once the process is there."""
        return Ready()

    def answer(self, work: Work) -> Answer:
        """Compute a task's table."""
        with heard_by(self._advance):
            return self._worker.answer(work)

    def advanced(self) -> Advanced:
        """Return how many items were done since the last call."""
        found, self._advanced = self._advanced, 0
        return Advanced(found)

    def _advance(self, n_items: int) -> None:
        self._advanced += n_items


@dataclass(eq=False)
class _Actor:
    handle: Any
    polled_at: float = 0.0  # how far it is


class ActorPool:
    """Actors with the resources that `options` gives for each opener."""

    option = "--engine ray"

    def __init__(self, options: Mapping[Opener, dict[str, float]]) -> None:
        import ray

        self._ray, self._remote, self._options = ray, ray.remote(RayWorker), options
        self._pending: dict[Any, _Actor] = {}  # by the reference of what each is doing
        self._polled: dict[Any, _Actor] = {}  # by the reference of how far it is

    def start(self, opener: Opener) -> _Actor:
        """Start an actor."""
        # Ray itself restarts nothing: what a lost worker was doing is known here.
        fixed = {"max_restarts": 0, "max_task_retries": 0, "max_concurrency": 2}
        actor = _Actor(self._remote.options(**fixed, **self._options[opener]).remote(), time.monotonic())
        self._pending[actor.handle.ready.remote()] = actor
        return actor

    def give(self, actor: _Actor, work: Work) -> None:
        """Send what is to be computed."""
        self._pending[actor.handle.answer.remote(work)] = actor

    def events(self, patience_s: float) -> list[tuple[_Actor, Event]]:
        """Return the reports of all that have any."""
        busy = list(self._pending)
        if not self._ray.wait(busy, num_returns=1, timeout=patience_s)[0]:
            return self._progress()
        done, _ = self._ray.wait(busy, num_returns=len(busy), timeout=0)
        return self._progress() + [(self._pending.pop(reference), self._event(reference)) for reference in done]

    def end(self, actor: _Actor) -> None:
        """Kill an actor."""
        for references in (self._pending, self._polled):
            for reference in [r for r, whose in references.items() if whose is actor]:
                del references[reference]
        self._ray.kill(actor.handle)

    def _progress(self) -> list[tuple[_Actor, Event]]:
        """Return how far actors are that were asked before; asks those again that were not asked for a while."""
        polled = list(self._polled)
        done = self._ray.wait(polled, num_returns=len(polled), timeout=0)[0] if polled else []
        found = [(self._polled.pop(reference), self._event(reference)) for reference in done]
        now, being_polled = time.monotonic(), set(self._polled.values())
        for actor in set(self._pending.values()) - being_polled:
            if now - actor.polled_at > PATIENCE_S:
                actor.polled_at = now
                self._polled[actor.handle.advanced.remote()] = actor
        # A loss is reported by what the actor was doing.
        return [(actor, event) for actor, event in found if isinstance(event, Advanced)]

    def _event(self, reference: Any) -> Event:
        try:
            event: Event = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            return Failed(error.cause, f"In a Ray worker: {error}")
        except _losses(self._ray) as error:
            return Lost(str(error))
        return event


def _losses(ray: Any) -> tuple[type[Exception], ...]:
    """Return what Ray raises where a worker or its node is gone, or a result with it."""
    e = ray.exceptions
    return (
        e.RayActorError,
        e.WorkerCrashedError,
        e.NodeDiedError,
        e.OutOfMemoryError,
        e.ObjectLostError,
        e.ActorUnschedulableError,
    )


ENGINE = Ray()
