"""Information in nats and bits: the only place that converts one into the other."""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Information = TypeVar("Information", float, NDArray[np.float64])

NATS_PER_BIT = math.log(2.0)


def nats_to_bits(nats: Information) -> Information:
    """Convert nats to bits, elementwise."""
    return nats / NATS_PER_BIT


def bits_to_nats(bits: Information) -> Information:
    """Convert bits to nats, elementwise."""
    return bits * NATS_PER_BIT
