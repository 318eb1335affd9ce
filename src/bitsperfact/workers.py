"""What a worker that holds a model takes of a machine."""

from bitsperfact import models
from bitsperfact.execution import Needs

#: Main memory of a worker beside its model's weights: the interpreter, torch, and what a batch takes.
WORKER_BYTES = 3 << 29
#: Weights times requests for which one more process on this machine pays: 5 s of work, what its start takes
#: (docs/scale.md).
PAYING_WEIGHTS = 8 * 10**10


def needs_of(opener: models.Opener) -> Needs:
    """Return what a worker that holds the model takes."""
    memory = WORKER_BYTES + models.DTYPE_BITS[opener.spec.dtype] // 8 * opener.info.n_params
    pays = PAYING_WEIGHTS // opener.info.n_params
    if opener.spec.device == "auto":
        return Needs(memory, "where there is one", None if _has_accelerator() else pays)
    return Needs(memory, "always" if opener.spec.device == "cuda" else "never", pays)


def _has_accelerator() -> bool:
    """Return whether torch has a device besides the processor, which processes would have to share."""
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()
