"""What safetensors hold, from a file's header alone."""

import json
import math
from pathlib import Path
from typing import NamedTuple

#: Bits of what safetensors hold of a network; masks and indices, which are integers, teach it nothing.
WEIGHT_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8}


class Tensor(NamedTuple):
    """One stored tensor: how many numbers, and bits of each; `is_weight` is False for masks and indices."""

    n: int
    bits: int
    is_weight: bool = True


def tensors_of(path: Path) -> list[Tensor]:
    """Return the tensors of a file, in no order that matters."""
    with path.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    found = []
    for name, entry in header.items():
        if name != "__metadata__":
            n, n_bytes = math.prod(entry["shape"]), entry["data_offsets"][1] - entry["data_offsets"][0]
            found.append(Tensor(n, 8 * n_bytes // n if n else 0, entry["dtype"] in WEIGHT_BITS))
    return found
