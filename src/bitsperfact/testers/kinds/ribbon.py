"""The filter at the bound: one ribbon."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, UInt64
from numpy.typing import NDArray

from bitsperfact.testers.hashing import Words
from bitsperfact.testers.protocol import SCORE_BITS, SEED_BITS, Filter, TesterKind, key_hashes
from bitsperfact.testers.ribbon import Ribbon, build_ribbon


@dataclass(frozen=True)
class RibbonTester(Filter):
    """One-sided filter: 1 for every key, and for a share `fpr` of non-keys; 0 for the others.

    The bound is log2(1 / fpr) bits per key (Guo & Li 2026, arXiv 2602.00906). A budget between two whole numbers
    of columns mixes both, which costs up to .086 bits: log2 of a mean exceeds the mean of log2.
    """

    ribbon: Ribbon
    seed: int
    answers: tuple[float, float] = (0.0, 1.0)
    forgotten: float = 0.0

    @classmethod
    def init(cls, keys: Iterable[Hashable], bits_per_key: float, seed: int = 0) -> Self:
        """See `Tester.init`."""
        hashed, budget_bits = key_hashes(keys, bits_per_key, seed)
        return cls(build_ribbon(hashed, budget_bits - SEED_BITS, seed), seed)

    def match(self, hashed: UInt64[Words, "claims 2"]) -> Bool[NDArray[np.bool_], " claims"]:
        """See `Filter.match`."""
        return self.ribbon.match(hashed)

    @property
    def memory_bits(self) -> int:
        """Bits of table, header, hash seed, and of answers other than 0 and 1."""
        scores = sum(answer not in {0.0, 1.0} for answer in self.answers)
        return self.ribbon.memory_bits + SEED_BITS + SCORE_BITS * scores

    @property
    def fnr(self) -> float:
        """Share of keys that do not match (1): forgotten ones, unless they match by chance."""
        return self.forgotten * (1 - self.fpr)

    @property
    def fpr(self) -> float:
        """Share of non-keys that match, in expectation (1)."""
        return self.ribbon.fpr


TESTER = TesterKind(RibbonTester.init)
