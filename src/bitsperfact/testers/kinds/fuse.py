"""The binary fuse filter, from the package pyfusefilter: 1.13 bits per bit of the bound at best."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Bool, UInt64
from numpy.typing import NDArray

from bitsperfact.testers._compiled import INSTALL
from bitsperfact.testers.hashing import Words
from bitsperfact.testers.protocol import SEED_BITS, Filter, TesterKind, key_hashes

#: Fingerprints that the package offers, longest first.
_FINGERPRINT_BITS = (16, 8)
#: Bits per key that have room for these, and little more.
BUDGETS = (13.0, 26.0)


@dataclass(frozen=True)
class FuseTester(Filter):
    """One-sided filter: 1 for every key and for a share 2^-8 or 2^-16 of non-keys, 0 for the others.

    Binary fuse filter (Graf & Lemire 2022, arXiv 2201.01174). Takes the longest fingerprint, of 8 or 16 bits, that
    the budget has room for; `memory_bits` says what it really takes.
    """

    table: Any
    fingerprint_bits: int
    seed: int
    family: ClassVar[str] = "Fuse"

    @classmethod
    def init(cls, keys: Iterable[Hashable], bits_per_key: float, seed: int = 0) -> Self:
        """See `Tester.init`. Raises: ValueError also where even 8-bit fingerprints exceed the budget."""
        hashed, budget_bits = key_hashes(keys, bits_per_key, seed)
        words = np.unique(hashed[:, 0]).tolist()
        for bits in _FINGERPRINT_BITS:
            table = _package_class(f"{cls.family}{bits}")(len(words))
            needed = _stored_bits(table)
            if needed <= budget_bits:
                cls._clear(table, bits)
                table.populate(words)
                return cls(table, bits, seed)
        raise ValueError(
            f"bits_per_key must be at least {needed / len(hashed):.4g} for the smallest {cls.family} filter of "
            f"{len(hashed)} keys, got {budget_bits / len(hashed):g}"
        )

    @staticmethod
    def _clear(table: Any, bits: int) -> None:
        """Fuse tables start as zeros."""

    def match(self, hashed: UInt64[Words, "claims 2"]) -> Bool[NDArray[np.bool_], " claims"]:
        """See `Filter.match`."""
        contains = map(self.table.contains, hashed[:, 0].tolist())
        return np.fromiter(contains, dtype=np.bool_, count=len(hashed))

    @property
    def memory_bits(self) -> int:
        """Bits of the table with its own header, and of the hash seed."""
        return _stored_bits(self.table)

    @property
    def fnr(self) -> float:
        """0: the filter forgets no key."""
        return 0.0

    @property
    def fpr(self) -> float:
        """Share of non-keys that match, in expectation (1)."""
        return float(2.0**-self.fingerprint_bits)


def _stored_bits(table: Any) -> int:
    """Bits of the table as it is written to a file, and of the hash seed; `size_in_bytes` counts a pointer too."""
    return 8 * len(table.serialize()) + SEED_BITS


def _package_class(name: str) -> Any:
    try:
        import pyfusefilter  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise ImportError(f"xor and fuse filters need pyfusefilter: {INSTALL}") from error
    return getattr(pyfusefilter, name)


TESTER = TesterKind(FuseTester.init, BUDGETS)
