"""Information in nats and bits: the only place that converts one into the other."""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Quantity = TypeVar("Quantity", float, NDArray[np.float64])

NATS_PER_BIT = math.log(2.0)


def nats_to_bits(nats: Quantity) -> Quantity:
    """Convert nats to bits, elementwise."""
    return nats / NATS_PER_BIT


def bits_to_nats(bits: Quantity) -> Quantity:
    """Convert bits to nats, elementwise."""
    return bits * NATS_PER_BIT
