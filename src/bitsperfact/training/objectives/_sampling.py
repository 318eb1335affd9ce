"""Facts of a step."""

import torch
from torch import Tensor


def drawn(facts: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` facts of each member, with repeats, (members, count, length) of (members, n, length)."""
    members, n, length = facts.shape
    chosen = torch.randint(n, (members, count, 1), generator=generator)
    return facts.gather(1, chosen.expand(-1, -1, length))
