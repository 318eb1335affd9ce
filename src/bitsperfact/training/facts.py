"""Random facts in a vast universe: n strings of `length` symbols, and the non-facts around them.

A claim is a number below alphabet^length; its digits in that base are the symbols that a network reads.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.files import sha256_of_text

Numbers = NDArray[np.int64]
Symbols = NDArray[np.int64]

#: Letters of the written claims. No two look alike in print.
LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789+-*=@#$%&"


@dataclass(frozen=True)
class Universe:
    """All strings of `length` symbols from `alphabet`; at most 2^62 of them, so that each has an int64 number."""

    alphabet: int = 16
    length: int = 8

    def __post_init__(self) -> None:
        if not 2 <= self.alphabet <= len(LETTERS):
            raise ValueError(f"alphabet must have 2 to {len(LETTERS)} symbols, got {self.alphabet}")
        if self.length < 1 or self.size > 2**62:
            raise ValueError(f"length must be at least 1 and alphabet^length at most 2^62, got {self.length}")

    @property
    def size(self) -> int:
        """Number of claims u (1, a count)."""
        return int(self.alphabet**self.length)

    def symbols(self, numbers: Numbers) -> Symbols:
        """Return digits of claims (...), most significant first; shape (..., length), in [0, alphabet)."""
        powers = self.alphabet ** np.arange(self.length - 1, -1, -1, dtype=np.int64)
        return np.asarray(numbers[..., None] // powers % self.alphabet)

    def numbers(self, symbols: Symbols) -> Numbers:
        """Return the inverse of `symbols`."""
        powers = self.alphabet ** np.arange(self.length - 1, -1, -1, dtype=np.int64)
        return np.asarray(symbols @ powers)

    def texts(self, numbers: Numbers) -> list[str]:
        """Return claims as strings, one letter per symbol."""
        letters = np.array(list(LETTERS))[self.symbols(numbers)]
        return ["".join(row) for row in letters]


def rng_of(seed: int, *names: str) -> np.random.Generator:
    """Return a generator of random numbers that depends on the seed and these names only, on every machine."""
    return np.random.default_rng(int(sha256_of_text(str(seed), *names)[:16], 16))


def draw_facts(universe: Universe, n: int, seed: int) -> Numbers:
    """Return `n` distinct claims, uniform among all sets of that size; sorted, shape (n,).

    Raises: ValueError where n exceeds half the universe: facts are to be sparse.
    """
    if not 1 <= n <= universe.size // 2:
        raise ValueError(f"n must lie in 1..{universe.size // 2}, half the universe; got {n}")
    rng = rng_of(seed, "facts", str(n), str(universe))
    found = np.unique(rng.integers(universe.size, size=n))
    while found.size < n:
        found = np.union1d(found, rng.integers(universe.size, size=n - found.size))
    return found


def draw_nonfacts(universe: Universe, facts: Numbers, count: int, rng: np.random.Generator) -> Numbers:
    """Draw `count` claims uniformly from the universe without the facts (sorted); (count,), repeats possible."""
    drawn = rng.integers(universe.size, size=count)
    while (known := np.isin(drawn, facts)).any():
        drawn[known] = rng.integers(universe.size, size=int(known.sum()))
    return drawn


def draw_near(
    universe: Universe, facts: Numbers, distance: int, count: int, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Draw non-facts exactly `distance` symbols from a random fact, and these facts; shapes (count,).

    Raises: ValueError where `distance` is not in 1..length.
    """
    if not 1 <= distance <= universe.length:
        raise ValueError(f"distance must lie in 1..{universe.length}, got {distance}")
    of = rng.choice(facts, size=count)
    drawn = _changed(universe, of, distance, rng)
    while (known := np.isin(drawn, facts)).any():
        of[known] = rng.choice(facts, size=int(known.sum()))
        drawn[known] = _changed(universe, of[known], distance, rng)
    return drawn, of


def _changed(universe: Universe, numbers: Numbers, distance: int, rng: np.random.Generator) -> Numbers:
    symbols = universe.symbols(numbers)
    places = rng.random(symbols.shape).argsort(axis=1)[:, :distance]
    # A shift by 1..alphabet-1 is another symbol for certain.
    shift = rng.integers(1, universe.alphabet, size=places.shape)
    rows = np.arange(len(symbols))[:, None]
    symbols[rows, places] = (symbols[rows, places] + shift) % universe.alphabet
    return universe.numbers(symbols)


def shuffled_facts(universe: Universe, facts: Numbers, rng: np.random.Generator) -> Numbers:
    """Return the facts with the symbols of each position dealt anew among them: the same symbols, another set.

    What was stored cannot help to find these, so a network must get 0 bits on them. Facts met by chance are left
    out; shape (at most n,).
    """
    symbols = universe.symbols(facts)
    dealt = universe.numbers(rng.permuted(symbols, axis=0))
    return np.setdiff1d(dealt, facts)
