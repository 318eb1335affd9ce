"""Inner loops of the ribbon: elimination, back substitution and look-up, on bands of 64-bit words."""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.testers._compiled import compiled
from bitsperfact.testers.hashing import Words

Slots = NDArray[np.int64]

# Every constant is a uint64: numba would turn a sum of signed and unsigned words into a float.
_ZERO, _ONE, _WORD, _LAST = np.uint64(0), np.uint64(1), np.uint64(64), np.uint64(63)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_PAIRS, _FOURS, _EIGHTS = (
    np.uint64(0x5555555555555555),
    np.uint64(0x3333333333333333),
    np.uint64(0x0F0F0F0F0F0F0F0F),
)
_ONES = np.uint64(0x0101010101010101)
_S2, _S4, _S56 = np.uint64(2), np.uint64(4), np.uint64(56)


@compiled
def popcount(word: np.uint64) -> np.uint64:
    """Return the number of bits that are 1, in the form that compilers turn into one instruction."""
    word = word - ((word >> _ONE) & _PAIRS)
    word = (word & _FOURS) + ((word >> _S2) & _FOURS)
    word = (word + (word >> _S4)) & _EIGHTS
    return (word * _ONES) >> _S56


@compiled
def fill_coefficients(second: np.uint64, row: Words) -> None:
    """Fill in a key's band of random coefficients, from its second hash word; the first coefficient is 1."""
    for k in range(row.size):
        second = second + _GOLDEN
        word = (second ^ (second >> _S30)) * _MIX_1
        word = (word ^ (word >> _S27)) * _MIX_2
        row[k] = word ^ (word >> _S31)
    row[0] |= _ONE


@compiled
def shift_to_lead(row: Words) -> np.int64:
    """Shift a row down until its first coefficient is 1; the number of places, or -1 for a row of zeros."""
    n = row.size
    skipped = 0
    while row[0] == _ZERO:
        skipped += 1
        if skipped == n:
            return np.int64(-1)
        for k in range(n - 1):
            row[k] = row[k + 1]
        row[n - 1] = _ZERO
    places = popcount(~row[0] & (row[0] - _ONE))
    if places > _ZERO:
        for k in range(n - 1):
            row[k] = (row[k] >> places) | (row[k + 1] << (_WORD - places))
        row[n - 1] >>= places
    return np.int64(64 * skipped) + np.int64(places)


@compiled
def eliminate(second: Words, starts: Slots, fingerprints: Words, rows: Words, sides: Words) -> bool:
    """Bring the keys' equations, ordered by start, into echelon form: coefficients in `rows` (slots, words),
    right-hand sides in `sides` (slots,), both zero at first.

    False, at once, where an equation contradicts the others: the table is too full there.
    """
    row = np.zeros(rows.shape[1], np.uint64)
    for i in range(starts.size):
        fill_coefficients(second[i], row)
        slot, side = starts[i], fingerprints[i]
        while rows[slot, 0] != _ZERO:
            for k in range(row.size):
                row[k] ^= rows[slot, k]
            side ^= sides[slot]
            places = shift_to_lead(row)
            if places < 0:
                break
            slot += places
        if row[0] != _ZERO:
            rows[slot] = row
            sides[slot] = side
        elif side != _ZERO:
            return False
    return True


@compiled
def solve(rows: Words, sides: Words, columns: int, wide_blocks: int) -> Words:
    """Return a solution of the system in every column, from the last slot to the first; free slots get 0.

    Block b of 64 slots stores one word per column, at b * columns + min(b, wide_blocks); the first `wide_blocks`
    blocks have one column more.
    """
    blocks = rows.shape[0] // 64
    table = np.zeros(blocks * columns + wide_blocks, np.uint64)
    window = np.zeros(rows.shape[1], np.uint64)
    for column in range(columns + 1):
        window[:] = _ZERO
        bit = np.uint64(column)
        for block in range((blocks if column < columns else wide_blocks) - 1, -1, -1):
            for place in range(63, -1, -1):
                slot = 64 * block + place
                for k in range(window.size - 1, 0, -1):
                    window[k] = (window[k] << _ONE) | (window[k - 1] >> _LAST)
                window[0] <<= _ONE
                parity = _ZERO
                for k in range(window.size):
                    parity ^= rows[slot, k] & window[k]
                window[0] |= (popcount(parity) ^ (sides[slot] >> bit)) & _ONE
            table[block * columns + min(block, wide_blocks) + column] = window[0]
    return table


@compiled
def match(
    second: Words, starts: Slots, fingerprints: Words, table: Words, words: int, columns: int, wide_blocks: int
) -> NDArray[np.bool_]:
    """Return whether each key's equation holds in all columns that its whole band has."""
    row = np.zeros(words, np.uint64)
    matched = np.zeros(starts.size, np.bool_)
    for i in range(starts.size):
        fill_coefficients(second[i], row)
        block, offset = starts[i] >> 6, np.uint64(starts[i] & 63)
        tested = columns + 1 if block + words < wide_blocks else columns
        column, holds = 0, True
        while holds and column < tested:
            parity = _ZERO
            for k in range(words):
                here = block + k
                value = table[here * columns + min(here, wide_blocks) + column] >> offset
                if offset > _ZERO:
                    beyond = here + 1
                    value |= table[beyond * columns + min(beyond, wide_blocks) + column] << (_WORD - offset)
                parity ^= row[k] & value
            holds = (popcount(parity) ^ (fingerprints[i] >> np.uint64(column))) & _ONE == _ZERO
            column += 1
        matched[i] = holds
    return matched
