"""The seed plane: a filter that may forget keys, and spends almost no more than what that saves.

A code book of random answers can be searched for one that suits the keys: with w bits of seed, the best of 2^w
random filters of density d admits more than its share d of keys. By the rate-distortion theorem the best that
such a search can reach is KL(Bern(1 - fnr) || Bern(d)) bits per key, as the number of keys per seed grows; but so
does the search, as 2^w. Hence seeds that overlap: the plane is one long string of bits, a key at position t sees
the `window` bits from t on as its seed, and is admitted where a hash of the key and its seed falls below d. Then
dynamic programming finds the best of 2^length planes in 2^window steps per position (derived here; it is a random
trellis code, Viterbi 1967).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.testers.hashing import GOLDEN, Words, mix, remix
from bitsperfact.theory import two_sided_filter_bits

#: Beside the plane: length 32, threshold 32, window 8.
HEADER_BITS = 72
#: Any constant: keeps the plane's hashes apart from those of other tables.
_SALT = 0x5EED
#: After this many windows, all planes that are still in the race agree on a bit.
_LAG_WINDOWS = 24
_PILOT_KEYS = 4096
_HALVINGS = 7


@dataclass(frozen=True)
class SeedPlane:
    """A found plane: `words` (the bits, packed), `length` (positions), `window` (bits that a key sees), and
    `threshold`, the admitted share of non-keys in units of 2^-32."""

    words: Words
    length: int
    window: int
    threshold: int

    @property
    def memory_bits(self) -> int:
        """Bits stored: the plane, in whole words, and its header."""
        return 64 * self.words.size + HEADER_BITS

    @property
    def density(self) -> float:
        """Share of non-keys that are admitted, in expectation (1)."""
        return self.threshold / 2**32

    def match(self, hashed: Words) -> NDArray[np.bool_]:
        """Return whether the plane admits each hash (claims, 2). Shape (claims,)."""
        from bitsperfact.testers import _plane_kernels as kernels

        where, marks = _places(hashed, self.length)
        return kernels.admitted(where, marks, self.words, self.window, np.uint32(self.threshold))


def find_plane(hashed: Words, length: int, density: float, window: int) -> SeedPlane:
    """Return the plane of `length` positions that forgets the fewest of these hashes (keys, 2).

    Args: `density`: admitted share of non-keys, in (0, 1). `window`: bits that a key sees; time grows as
    2^window, and the plane's waste falls.
    """
    from bitsperfact.testers import _plane_kernels as kernels

    where, marks = _places(hashed, length)
    order = np.argsort(where, kind="stable")
    first_key = np.searchsorted(where[order], np.arange(length + 1)).astype(np.int64)
    threshold = max(1, min(2**32 - 1, round(density * 2**32)))
    bits = kernels.best_plane(first_key, marks[order], np.uint32(threshold), window, _LAG_WINDOWS * window)
    return SeedPlane(_packed(bits), length, window, threshold)


def plane_length(hashed: Words, fnr: float, density: float, window: int) -> int:
    """Find the length at which a plane forgets a share `fnr` of these hashes, by bisection on a sample.

    What is forgotten depends on keys per position only, so that a few thousand keys tell it to about .005.
    """
    pilot = hashed[:: max(1, len(hashed) // _PILOT_KEYS)]
    least = float(two_sided_filter_bits(fnr, density))
    low, high = least, 2 * least + 0.2
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        plane = find_plane(pilot, math.ceil(middle * len(pilot)), density, window)
        forgotten = 1 - plane.match(pilot).mean()
        low, high = (middle, high) if forgotten > fnr else (low, middle)
    return math.ceil(0.5 * (low + high) * len(hashed))


def _places(hashed: Words, length: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Positions, uniform in [0, length), and marks of 32 bits that tell keys at one position apart."""
    mixed = remix(hashed, _SALT)
    where = ((mixed[:, 0] >> np.uint64(32)) * np.uint64(length)) >> np.uint64(32)
    marks = mix(mixed[:, 1] + np.uint64(GOLDEN)) >> np.uint64(32)
    return where.astype(np.int64), marks.astype(np.uint32)


def _packed(bits: NDArray[np.uint8]) -> Words:
    padded = np.zeros(64 * math.ceil(len(bits) / 64), dtype=np.uint8)
    padded[: len(bits)] = bits
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)
