"""The most memory that was held, for the record of a run."""

import sys
from contextlib import suppress


def peak_memory_mib() -> dict[str, float]:
    """The most that this process (`process`) and its tensors on each GPU (`cuda:N`) have held so far.

    In MiB (2^20 bytes). GPUs are left out where torch was not needed, the process where the system does not tell.
    """
    found: dict[str, float] = {}
    with suppress(ImportError):  # Windows
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        found["process"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        for n in range(torch.cuda.device_count()):
            found[f"cuda:{n}"] = torch.cuda.max_memory_allocated(n) / 2**20
    return found
