"""One dial: a number of parameters decides a network's width and depth."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from bitsperfact.training.facts import Universe

Architecture = Literal["transformer", "mlp"]
Objective = Literal["membership", "next-symbol"]

#: Blocks of the transformer, and hidden layers of the MLP. One hidden layer stores a quarter less than
#: two; three store no more for the same time, and diverge at lower learning rates.
LAYERS = 2
HIDDEN = 2
#: Widths are multiples of this.
GRAIN = 4
#: Attention heads at least, and channels per head beyond: a last symbol that reads eight others through one head
#: mixes them up, and stores a tenth of what it does through four.
LEAST_HEADS, HEAD_WIDTH = 4, 4


@dataclass(frozen=True)
class Shape:
    """What a network is made of.

    `width`: of the embedding (transformer) or of the first hidden layer (MLP); `inner`: of the transformer's
    feed-forward layers, or of the MLP's last hidden layer; `heads`: attention heads (0 for an MLP);
    `vocabulary`: symbols that are read; `parameters`: P, all that is trained (1, counts).
    """

    architecture: Architecture
    objective: Objective
    alphabet: int
    length: int
    width: int
    inner: int
    heads: int
    layers: int
    vocabulary: int
    parameters: int


def shape_of(
    architecture: Architecture, parameters: int, universe: Universe, objective: Objective = "membership"
) -> Shape:
    """The shape whose number of parameters is nearest below `parameters`, at the architecture's usual proportions.

    Transformer: two layers, feed-forward about four times the width, four heads and one per 4 channels. MLP: two
    hidden layers, about as wide as each other, on one-hot symbols. The width is a multiple of 4 and the inner
    width takes up what is left. Raises: ValueError where `parameters` are too few for the smallest width, for an
    MLP that is to foretell symbols, and for names that are unknown.
    """
    for name, value, known in (("architecture", architecture, Architecture), ("objective", objective, Objective)):
        if value not in get_args(known):
            raise ValueError(f"{name} must be one of {', '.join(get_args(known))}, got {value!r}")
    if architecture == "mlp":
        if objective != "membership":
            raise ValueError("an MLP has no next symbol: objective next-symbol needs architecture transformer")
        return _mlp(parameters, universe)
    return _transformer(parameters, universe, objective)


def _mlp(parameters: int, universe: Universe) -> Shape:
    inputs = universe.alphabet * universe.length

    def fixed(width: int) -> int:
        return (inputs + 1) * width + (HIDDEN - 2) * (width + 1) * width + 1

    # (D-1) w^2 + (inputs + D + 1) w + 1 = parameters, for D layers of one width.
    even = _positive_root(HIDDEN - 1, inputs + HIDDEN + 1, parameters)
    width, inner, exact = _fitted("an MLP", parameters, even, fixed, lambda width: width + 2)
    objective: Objective = "membership"
    return Shape(
        "mlp", objective, universe.alphabet, universe.length, width, inner, 0, HIDDEN, universe.alphabet, exact
    )


def _transformer(parameters: int, universe: Universe, objective: Objective) -> Shape:
    # Symbols, positions, the last norm (2) and the head's one row (1). A generator has no head of its own, since
    # its output layer is its embedding, but one symbol more, from which it starts.
    rows = universe.alphabet + universe.length + 3

    def fixed(width: int) -> int:
        return rows * width + LAYERS * (4 * width**2 + 9 * width)

    even = _positive_root(12 * LAYERS, rows + 13 * LAYERS, parameters)
    width, inner, exact = _fitted("a transformer", parameters, even, fixed, lambda width: LAYERS * (2 * width + 1))
    vocabulary = universe.alphabet + (objective == "next-symbol")
    heads = max(LEAST_HEADS, width // HEAD_WIDTH)
    return Shape(
        "transformer",
        objective,
        universe.alphabet,
        universe.length,
        width,
        inner,
        heads,
        LAYERS,
        vocabulary,
        exact,
    )


def _positive_root(square: int, linear: int, total: int) -> float:
    """The w > 0 with square w^2 + linear w = total."""
    half = linear / (2 * square)
    return math.sqrt(half**2 + max(total, 0) / square) - half


def _fitted(
    what: str, parameters: int, even: float, fixed: Callable[[int], int], per_inner: Callable[[int], int]
) -> tuple[int, int, int]:
    """Width nearest to `even` that leaves room, inner width that fills it, and the parameters of the two."""
    width = max(GRAIN, GRAIN * round(even / GRAIN))
    while width > GRAIN and parameters < fixed(width) + per_inner(width):
        width -= GRAIN
    inner = (parameters - fixed(width)) // per_inner(width)
    if inner < 1:
        raise ValueError(
            f"parameters must be at least {fixed(GRAIN) + per_inner(GRAIN)} for {what}, got {parameters}"
        )
    return width, inner, fixed(width) + inner * per_inner(width)
