"""A Ray cluster, joined or started here for one run, and what of it one worker gets."""

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.execution.placement import Needs, processors

#: Shards pass through the object store only on their way to this process, which writes them.
STORE_BYTES = 1 << 28
#: Seconds that a cluster's address may take to answer.
CONNECT_S = 10
#: Settings that Ray takes from the environment; the user's own win.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # no paragraph across the progress bar for each worker lost
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do from a coming version on, and warns of
}


def check_installed() -> None:
    """Raise BadInput, with the command that installs it, where Ray is missing."""
    if find_spec("ray") is None:
        raise BadInput("--engine ray", "Ray (pip install 'bitsperfact[ray]')", "no module named 'ray'")


@contextmanager
def joined(workers: int, address: str | None = None) -> Iterator[list[dict[str, float]]]:
    """Join the cluster at `address`, or start one for so many workers; yield the resources of each node.

    Leaving the block, in whichever way, ends the cluster if it was started here; so does the kernel where this
    process is killed, but for two idle agents of Ray's, which notice within about a minute. A cluster that the
    caller has already joined is used, and left as it is. Raises BadInput where there is none at the address.
    """
    check_installed()
    os.environ.update({name: value for name, value in SETTINGS.items() if name not in os.environ})
    import ray  # an optional dependency, slow to import, and it reads some settings then

    if ray.is_initialized():
        yield _nodes(ray)
        return
    try:
        _init(ray, workers, address)
        yield _nodes(ray)
    finally:
        ray.shutdown()


def _init(ray: Any, workers: int, address: str | None) -> None:
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address is None:
        ray.init(
            address="local",
            num_cpus=max(workers, processors()),
            object_store_memory=STORE_BYTES,
            include_dashboard=False,
            **quiet,
        )
        return
    try:
        _knock(address)
        ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        raise BadInput(f"--ray-address {address}", "a Ray cluster", error) from None


def _knock(address: str) -> None:
    """Raise OSError where nobody listens at an address of the form host:port: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdigit() and not host.startswith("ray:"):
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()


def _nodes(ray: Any) -> list[dict[str, float]]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def share(nodes: Sequence[dict[str, float]], workers: int, needs: Needs) -> dict[str, float]:
    """Return resources of one worker, by the names Ray has for them as options of an actor.

    Processors and GPUs are shared out evenly, in whole ones: with fewer workers than GPUs each gets several, over
    which a large model is spread; workers beyond one per GPU or per processor wait for their turn. Raises
    BadInput where no node holds even one worker.
    """
    with_gpu = [node for node in nodes if node.get("GPU", 0) >= 1]
    on_gpu = needs.gpu == "always" or (needs.gpu == "where there is one" and bool(with_gpu))
    usable = with_gpu if on_gpu else nodes
    fitting = [node for node in usable if node.get("memory", 0) >= needs.memory_bytes and node.get("CPU", 0) >= 1]
    if not fitting:
        gpu = "a GPU, " if on_gpu else ""
        largest = max((node.get("memory", 0) for node in usable), default=0)
        raise BadInput(
            "--engine ray",
            f"a node with {gpu}a processor and {needs.memory_bytes / 1e9:.3g} GB of memory for each worker",
            f"{len(usable)} nodes{' with a GPU' if on_gpu else ''}, the largest with {largest / 1e9:.3g} GB",
        )
    return {
        "num_cpus": _even(fitting, "CPU", workers),
        "num_gpus": _even(fitting, "GPU", workers) if on_gpu else 0,
        "memory": needs.memory_bytes,
    }


def _even(nodes: Sequence[dict[str, float]], resource: str, workers: int) -> int:
    """Return the most of a resource, at least 1, that every worker can get when no worker spans two nodes."""
    have = [int(node.get(resource, 0)) for node in nodes]
    each = max(1, sum(have) // workers)
    while each > 1 and sum(n // each for n in have) < workers:
        each -= 1
    return each
