"""What every tester offers, and what the filters among them share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, UInt64
from numpy.typing import NDArray

from bitsperfact.testers._arguments import positive, seed_word, share
from bitsperfact.testers.hashing import Words, distinct, hash_claims

#: The hash seed, which every query needs.
SEED_BITS = 64
#: One stored confidence.
SCORE_BITS = 64


@runtime_checkable
class Tester(Protocol):
    """A membership tester with exact memory: `Init(K) -> W`, `Query(i, W) -> x` of Guo & Li 2026 (2602.00906)."""

    @classmethod
    def init(cls, keys: Iterable[Hashable], bits_per_key: float, seed: int = 0) -> Self:
        """Store a set of keys within a budget (bits per distinct key, any real number above 0).

        Equal seeds give equal testers. Raises: ValueError for no keys, NaN among them, a single text in place of
        a collection, or a budget that cannot be met.
        """
        ...

    def query(self, claims: Iterable[Hashable]) -> Float[NDArray[np.float64], " claims"]:
        """Return confidence that each claim is a key, unit 1, in [0, 1]."""
        ...

    @property
    def memory_bits(self) -> int:
        """Bits of everything that `query` reads: tables, sizes, seeds, scores."""
        ...

    @property
    def fnr(self) -> float:
        """Share of keys that get the lower answer (1)."""
        ...

    @property
    def fpr(self) -> float:
        """Share of non-keys that get the higher answer, in expectation over non-keys (1)."""
        ...


@dataclass(frozen=True)
class TesterKind:
    """A kind of tester: `init(keys, bits_per_key, seed)` makes one.

    `budgets`: the bits per key that it is measured at, where it cannot be made for any number of them.
    """

    init: Callable[[Iterable[Hashable], float, int], Tester]
    budgets: tuple[float, ...] = ()


class Filter(ABC):
    """A tester with two answers: `answers[1]` where the claim matches the memory, `answers[0]` where not.

    Subclasses say how a set of distinct hashes is stored and what matches.
    """

    answers: tuple[float, float] = (0.0, 1.0)
    seed: int

    @abstractmethod
    def match(self, hashed: UInt64[Words, "claims 2"]) -> Bool[NDArray[np.bool_], " claims"]:
        """Return whether each hash matches."""

    def query(self, claims: Iterable[Hashable]) -> Float[NDArray[np.float64], " claims"]:
        """See `Tester.query`."""
        hashed = hash_claims(claims, self.seed)
        return np.where(self.match(hashed), self.answers[1], self.answers[0])


def key_hashes(keys: Iterable[Hashable], bits_per_key: Any, seed: Any) -> tuple[Words, float]:
    """Return the distinct hashes (keys, 2) of a set and its whole budget, bits; ValueError as in `Tester.init`."""
    per_key = positive("bits_per_key", bits_per_key)
    hashed = distinct(hash_claims(keys, seed_word(seed)))
    if not len(hashed):
        raise ValueError("keys must hold at least one key, got none")
    return hashed, per_key * len(hashed)


def posterior(fact_share: float, nonfact_share: float, fact_weight: float) -> float:
    """Return the confidence (1, in [0, 1]) with the least log-loss for an answer that these shares of facts and of
    non-facts get, facts having weight `fact_weight` (in (0, 1)): their part in all that get it."""
    facts = share("fact_weight", fact_weight) * fact_share
    nonfacts = (1 - fact_weight) * nonfact_share
    return facts / (facts + nonfacts) if facts + nonfacts > 0 else 0.5
