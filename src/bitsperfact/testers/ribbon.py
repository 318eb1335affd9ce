"""The ribbon: a filter for any real budget, one to three per cent above what any filter needs.

Each key is a random linear equation over GF(2) whose coefficients lie in a band of `band` neighbouring slots, with
a random fingerprint on the right (Dillinger & Walzer 2021, arXiv 2103.02515). The table stores a solution of all
equations, one column per bit of fingerprint. A key's equation then holds in every column; that of a non-key in
each column with chance 1/2. So r columns accept a share 2^-r of non-keys, and cost r bits per slot.

Why fingerprints, when the homogeneous ribbon (0 on the right) cannot fail to build: in a table that is too full,
the homogeneous one accepts every claim whose band lies at a crowded place, and only a long measurement shows it.
Here the same table contradicts itself while it is built; another salt then helps, and the share stays 2^-r.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.testers.hashing import GOLDEN, Words, by_first_word, mix, remix

#: Beside the table: salt 64, blocks 32, wide blocks 32, columns 16, band 16.
HEADER_BITS = 160

#: Bands to choose from, with the slack (empty slots per key) at which a million keys rarely contradict each other;
#: the fewer the keys, the fewer places there are where that can happen.
_SLACKS = {64: 0.090, 128: 0.031, 256: 0.0165, 512: 0.0072}
_MANY_KEYS = 1_000_000
#: Band beyond which building falls below a million keys per second, and share of the slack to start with, where
#: memory matters more than time.
_WIDEST_IF_FAST, _TIGHT = 256, 0.48
#: A failed attempt loosens the table by this factor of slack.
_LOOSEN, _ATTEMPTS = 1.1, 60
#: Columns that one word of fingerprint can fill.
_MOST_COLUMNS = 63


@dataclass(frozen=True)
class Ribbon:
    """A built table; `words` is all that grows with the keys.

    `blocks` (of 64 slots) and `band` (slots) give the equations' shape, `columns` and `wide_blocks` the table's:
    the first `wide_blocks` blocks have one column more, which is how a budget between two whole numbers is spent.
    """

    words: Words
    blocks: int
    band: int
    columns: int
    wide_blocks: int
    salt: int

    @property
    def memory_bits(self) -> int:
        """Bits stored: the table and its header."""
        return 64 * self.words.size + HEADER_BITS

    @property
    def fpr(self) -> float:
        """Share of non-keys that match (1): 2^-columns, or half of it where a band lies in wide blocks."""
        wide = max(0, 64 * self.wide_blocks - self.band) / _starts_of(self.blocks, self.band)
        return float(2.0**-self.columns * (1 - min(wide, 1.0) / 2))

    def match(self, hashed: Words) -> NDArray[np.bool_]:
        """Return whether each hash (claims, 2) is that of a key, or looks like one. Shape (claims,)."""
        from bitsperfact.testers import _ribbon_kernels as kernels

        equations = _equations(remix(hashed, self.salt), self.blocks, self.band)
        return kernels.match(*equations, self.words, self.band // 64, self.columns, self.wide_blocks)


def build_ribbon(hashed: Words, budget_bits: float, seed: int, *, tight: bool = False) -> Ribbon:
    """Return the ribbon of distinct hashes that fills a budget.

    The emptier a table, the more it costs; the fuller, the likelier its equations contradict each other. So it
    starts tight and loosens, with a fresh salt each time, until it can be solved.

    Args: `hashed`: shape (keys, 2), distinct. `budget_bits`: whole memory, in bits. `seed`: of the salts. `tight`:
    take several times as long for up to half a per cent less slack.
    Raises: ValueError where the budget leaves less than one word of table.
    """
    keys, words = len(hashed), int(budget_bits - HEADER_BITS) // 64
    if words < 1:
        raise ValueError(
            f"bits_per_key is too low for a set of {keys}: it leaves {max(budget_bits, 0):g} bits, and the "
            f"smallest ribbon has {HEADER_BITS + 64}"
        )
    random = np.random.default_rng(np.random.SeedSequence([seed, keys]))
    for attempt in range(_ATTEMPTS):
        band, blocks = _shape(keys, tight, attempt)
        columns, wide_blocks = _columns(words, blocks)
        # Salt 0 keeps the order that distinct hashes are in.
        salt = int(random.integers(1, 2**63)) if attempt else 0
        table = _table(remix(hashed, salt), blocks, band, columns, wide_blocks)
        if table is not None:
            return Ribbon(table, blocks, band, columns, wide_blocks, salt)
    raise RuntimeError(f"no ribbon in {_ATTEMPTS} attempts: the hashes are not random")


def bits_per_column(keys: int, *, tight: bool = False) -> int:
    """Return the bits that each column of a ribbon of so many keys costs, if the first attempt succeeds."""
    return 64 * _shape(keys, tight, 0)[1]


def _shape(keys: int, tight: bool, attempt: int) -> tuple[int, int]:
    """Band and blocks. A wide band needs less slack, but as many slots more at the table's end."""
    scale = (math.log(keys + 1) / math.log(_MANY_KEYS)) ** 2 * (_TIGHT if tight else 1.0)
    bands = [band for band in _SLACKS if tight or band <= _WIDEST_IF_FAST]
    band = min(bands, key=lambda band: _SLACKS[band] * scale + (band - 1) / keys)
    slots = keys * (1 + _SLACKS[band] * scale * _LOOSEN**attempt) + band - 1
    return band, math.ceil(slots / 64)


def _columns(words: int, blocks: int) -> tuple[int, int]:
    """Return how a number of words spreads over blocks: columns in each, and blocks with one more."""
    columns, wide_blocks = divmod(words, blocks)
    return (columns, wide_blocks) if columns < _MOST_COLUMNS else (_MOST_COLUMNS, 0)


def _table(mixed: Words, blocks: int, band: int, columns: int, wide_blocks: int) -> Words | None:
    """Return the solution, or None where the equations contradict each other."""
    from bitsperfact.testers import _ribbon_kernels as kernels

    rows = np.zeros((64 * blocks, band // 64), dtype=np.uint64)
    sides = np.zeros(64 * blocks, dtype=np.uint64)
    if not kernels.eliminate(*_equations(by_first_word(mixed), blocks, band), rows, sides):
        return None
    return kernels.solve(rows, sides, columns, wide_blocks)


def _equations(mixed: Words, blocks: int, band: int) -> tuple[Words, NDArray[np.int64], Words]:
    """Seeds of the coefficients, first slots (uniform, in the order of the first words), and fingerprints."""
    first, second = np.ascontiguousarray(mixed[:, 0]), np.ascontiguousarray(mixed[:, 1])
    scaled = (first >> np.uint64(32)) * np.uint64(_starts_of(blocks, band))
    return second, (scaled >> np.uint64(32)).astype(np.int64), mix(first + np.uint64(GOLDEN))


def _starts_of(blocks: int, band: int) -> int:
    """Return the number of slots where a band can start."""
    return 64 * blocks - band + 1
