"""The Bloom filter, as most people would use it: the package rbloom, at 1.44 bits per bit of the bound."""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from jaxtyping import Bool, UInt64
from numpy.typing import NDArray

from bitsperfact.testers._compiled import INSTALL
from bitsperfact.testers.hashing import Words
from bitsperfact.testers.protocol import SEED_BITS, Filter, TesterKind, key_hashes

if TYPE_CHECKING:
    from rbloom import Bloom

#: Beside the bits: their number 64, number of hash functions 64.
HEADER_BITS = 128


@dataclass(frozen=True)
class BloomTester(Filter):
    """One-sided filter: 1 for every key and for a share `fpr` of non-keys, 0 for the others.

    Costs log2(e) = 1.44 times the bound log2(1 / fpr) (Bloom 1970), more where the number of hash functions that
    would be best is not whole.
    """

    bloom: "Bloom"
    seed: int

    @classmethod
    def init(cls, keys: Iterable[Hashable], bits_per_key: float, seed: int = 0) -> Self:
        """See `Tester.init`."""
        try:
            from rbloom import Bloom
        except ImportError as error:
            raise ImportError(f"the Bloom filter needs rbloom: {INSTALL}") from error
        hashed, budget_bits = key_hashes(keys, bits_per_key, seed)
        # rbloom rounds up to whole bytes.
        room = budget_bits - SEED_BITS - HEADER_BITS - 8
        if room < 8:
            raise ValueError(
                f"bits_per_key is too low for a set of {len(hashed)}: a Bloom filter has no room left"
            )
        rate = math.exp(-(math.log(2) ** 2) * room / len(hashed))
        bloom = Bloom(len(hashed), max(rate, np.finfo(float).tiny), hash_func=_itself)
        bloom.update(_signed(hashed))
        return cls(bloom, seed)

    def match(self, hashed: UInt64[Words, "claims 2"]) -> Bool[NDArray[np.bool_], " claims"]:
        """See `Filter.match`."""
        return np.fromiter(map(self.bloom.__contains__, _signed(hashed)), dtype=np.bool_, count=len(hashed))

    @property
    def memory_bits(self) -> int:
        """Bits of the filter, its header and the hash seed."""
        return self.bloom.size_in_bits + HEADER_BITS + SEED_BITS

    @property
    def fnr(self) -> float:
        """0: a Bloom filter forgets no key."""
        return 0.0

    @property
    def fpr(self) -> float:
        """Share of non-keys that match, in expectation (1): that all their bits happen to be set."""
        saved = self.bloom.save_bytes()
        functions = int.from_bytes(saved[:8], "little")
        bits = np.frombuffer(saved, dtype=np.uint8, offset=8)
        return float((np.bitwise_count(bits).sum() / (8 * bits.size)) ** functions)


def _itself(key: int) -> int:
    return key


def _signed(hashed: Words) -> list[int]:
    """Return the hashes as the signed 128-bit integers that rbloom takes for hashes."""
    high = hashed[:, 0].view(np.int64).tolist()
    return [(first << 64) | second for first, second in zip(high, hashed[:, 1].tolist(), strict=True)]


TESTER = TesterKind(BloomTester.init)
