"""How much goes through a model at once: what free memory allows, and half of it wherever memory runs out."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import psutil

from bitsperfact.errors import BadInput
from bitsperfact.models.architectures import setting

if TYPE_CHECKING:
    import torch

    from bitsperfact.models import LoadedModel

#: Tokens at once beyond which nothing is gained, as measured, by device.
MOST_TOKENS = {"cpu": 1024, "cuda": 32768, "mps": 4096}
#: Share of the free memory that a pass may take: the estimate is rough, and others use the machine too.
SHARE = 0.5
#: Where the system says what a control group may use and uses: versions 2 and 1.
CONTROL_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
#: What torch's own out-of-memory errors say where they are plain RuntimeErrors.
MESSAGES = ("not enough memory", "allocate memory", "out of memory", "ALLOC_FAILED")

_most: "WeakKeyDictionary[torch.nn.Module, int]" = WeakKeyDictionary()


@dataclass
class Budget:
    """At most `tokens` through a model, and `positions` through its head, at once (None: any number).

    What cuts work into parts asks the budget before each part, and hands the same work out again, in a smaller
    part, where the last one was larger than the budget is by now.
    """

    tokens: int
    positions: int | None = None
    loaded: "LoadedModel | None" = None

    def __post_init__(self) -> None:
        if self.loaded is not None:
            self.tokens = min(self.tokens, _most.get(self.loaded.model, self.tokens))

    @contextmanager
    def tried(self, n_tokens: int, *, divisible: bool) -> Iterator[None]:
        """Run a part of the work that has `n_tokens`; where memory runs out, halve the budget instead of raising.

        The block must keep nothing of a part that fails. The model never gets more tokens than fitted again.
        Raises BadInput where the part cannot be divided.
        """
        try:
            yield
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            name = self.loaded.info.name if self.loaded is not None else ""
            if not divisible:
                found = f"too little for {n_tokens} ({str(error).splitlines()[0] if str(error) else 'no details'})"
                raise BadInput(f"model {name}", "memory for one claim's tokens at a time", found) from error
            self.tokens = max(1, n_tokens // 2)
            if self.loaded is not None:
                _most[self.loaded.model] = self.tokens
            message = f"model {name}: memory ran out at {n_tokens} tokens at once; going on with {self.tokens}"
            warnings.warn(message, stacklevel=2)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception means that main memory or a device's ran out."""
    torch = sys.modules.get("torch")  # what has not been imported has not run out of memory
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(message in str(error) for message in MESSAGES)


def auto_batch_tokens(loaded: "LoadedModel", longest: int) -> int:
    """Return the tokens at once that suit a model, its device and the memory free there, in rows of `longest`."""
    fit = int(SHARE * free_bytes(loaded.device) / bytes_per_token(loaded.model, longest))
    return max(1, min(fit, MOST_TOKENS.get(loaded.device.type, MOST_TOKENS["cpu"])))


def bytes_per_token(model: Any, longest: int) -> int:
    """Estimate, from above, the bytes that a token takes in a pass: one layer's, and every layer's output.

    Counted are the layer's streams of the hidden width, those within its MLP, queries and their like, the mask
    and scores of one row of `longest` keys, and the states that a probe asks for.
    """
    config = model.config.get_text_config()
    hidden = setting(config, "hidden_size", "d_model", "n_embd")
    inner = setting(config, "intermediate_size", "n_inner") or 4 * hidden
    heads = setting(config, "num_attention_heads") or 1
    width = heads * (setting(config, "head_dim") or hidden // heads)
    layers = setting(config, "num_hidden_layers") or 1
    itemsize = max(4, int(model.dtype.itemsize))
    values = (8 + layers) * hidden + 4 * inner + 8 * width + 3 * heads * (longest + 64)
    return itemsize * values


def free_bytes(device: "torch.device") -> int:
    """Return the bytes that this process can still get: of a GPU's memory, or the machine's within its limits."""
    if device.type == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + held)
    free = int(psutil.virtual_memory().available)
    for limit, used in CONTROL_GROUPS:
        with suppress(OSError, ValueError):  # no such file, or a limit of "max"
            free = min(free, int(Path(limit).read_text()) - int(Path(used).read_text()))
    return max(0, min(free, _address_space_left()))


def _address_space_left() -> int:
    with suppress(ImportError):  # Windows has no such limits
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            return limit - int(psutil.Process().memory_info().vms)
    return 1 << 62


def peak_memory_mib() -> dict[str, float]:
    """Return the most that a process (`process`) and this one's tensors on each GPU (`cuda:N`) have held so far.

    In MiB (2^20 bytes); the largest of this process and of those it started that have ended. GPUs are left out
    where torch was not needed, the process where the system does not tell.
    """
    found: dict[str, float] = {}
    with suppress(ImportError):  # Windows
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        found["process"] = max(resource.getrusage(each).ru_maxrss for each in whose) * unit / 2**20
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        for n in range(torch.cuda.device_count()):
            found[f"cuda:{n}"] = torch.cuda.max_memory_allocated(n) / 2**20
    return found
