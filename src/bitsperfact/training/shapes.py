"""What a network is made of, from a number of parameters: one dial decides width and depth."""

import math
from collections.abc import Callable
from dataclasses import dataclass

#: Widths are multiples of this.
GRAIN = 4


@dataclass(frozen=True)
class Shape:
    """What a network is made of.

    `architecture` and `objective`: names of the parts that gave it. `width`: of the embedding (transformer) or of
    the first hidden layer (MLP); `inner`: of the transformer's feed-forward layers, or of the MLP's last hidden
    layer; `heads`: attention heads (0 for an MLP); `vocabulary`: symbols that are read; `parameters`: P, all that
    is trained (1, counts).
    """

    architecture: str
    objective: str
    alphabet: int
    length: int
    width: int
    inner: int
    heads: int
    layers: int
    vocabulary: int
    parameters: int


def positive_root(square: float, linear: float, total: float) -> float:
    """Return the w > 0 with square w^2 + linear w = total."""
    half = linear / (2 * square)
    return math.sqrt(half**2 + max(total, 0) / square) - half


def fitted(
    what: str, parameters: int, even: float, fixed: Callable[[int], int], per_inner: Callable[[int], int]
) -> tuple[int, int, int]:
    """Return the width nearest to `even` that leaves room, the inner width that fills it, and both's parameters.

    `fixed` and `per_inner`: parameters of a width, and of each unit of inner width beside it. The width is a
    multiple of 4. Raises: ValueError where `parameters` are too few for the smallest width.
    """
    width = max(GRAIN, GRAIN * round(even / GRAIN))
    while width > GRAIN and parameters < fixed(width) + per_inner(width):
        width -= GRAIN
    inner = (parameters - fixed(width)) // per_inner(width)
    if inner < 1:
        raise ValueError(
            f"parameters must be at least {fixed(GRAIN) + per_inner(GRAIN)} for {what}, got {parameters}"
        )
    return width, inner, fixed(width) + inner * per_inner(width)
