"""How many threads small products take."""

from contextlib import AbstractContextManager


def single_threaded() -> AbstractContextManager[object]:
    """Keep linear algebra and OpenMP to one thread within a block.

    Products of a few numbers gain nothing from a second thread, and threads that wait for each other take three
    times as long; and sums, hence numbers, do not depend on the machine's cores.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
