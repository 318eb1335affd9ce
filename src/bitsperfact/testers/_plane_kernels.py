"""Inner loops of the seed plane: the search for the best plane, and look-up."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsperfact.testers._compiled import compiled
from bitsperfact.testers.hashing import Words

Marks = NDArray[np.uint32]
Slots = NDArray[np.int64]

_ONE, _S12, _S15 = np.uint32(1), np.uint32(12), np.uint32(15)
_MIX_1, _MIX_2 = np.uint32(0x2C1B3C6D), np.uint32(0x297A2D39)
_GOLDEN, _S7 = np.uint32(0x9E3779B1), np.uint32(7)


@compiled
def refuses(window: np.uint32, mark: np.uint32, threshold: np.uint32) -> np.bool_:
    """Return whether a key is refused by a window of the plane: a hash of both, not below the threshold.

    Of 32 bits throughout, so that the search handles many windows in one instruction.
    """
    word = np.uint32(window * (mark | _ONE) + np.uint32((mark >> _S7) * _GOLDEN))
    word = np.uint32((word ^ (word >> _S15)) * _MIX_1)
    word = np.uint32((word ^ (word >> _S12)) * _MIX_2)
    return word >= threshold


@compiled
def best_plane(first_key: Slots, marks: Marks, threshold: np.uint32, window: int, lag: int) -> NDArray[np.uint8]:
    """Return the bits (positions + window - 1) that refuse the fewest keys, by dynamic programming (Viterbi 1967).

    Position t has the keys `first_key[t]` to `first_key[t + 1]`, with one mark each, and sees the `window` bits
    from t on. Exact, but that a bit is settled once `lag` later positions are known, by when all good planes agree
    on it: it saves remembering every choice ever made.
    """
    positions, states = first_key.size - 1, 1 << window
    cost, extended = np.zeros(states, np.int32), np.zeros(states, np.int32)
    choices = np.zeros((2 * lag, states // 2), np.uint8)
    bits = np.zeros(positions + window - 1, np.uint8)
    settled = 0
    for t in range(positions):
        if t > 0:
            extend(cost, extended, choices[t % (2 * lag)])
            cost, extended = extended, cost
        for i in range(first_key[t], first_key[t + 1]):
            mark = marks[i]
            for state in range(states):
                cost[state] += refuses(np.uint32(state), mark, threshold)
        if t - settled == 2 * lag - 1:
            trace_back(np.argmin(cost), t, settled, t - lag, choices, bits)
            settled = t - lag
    last, best = positions - 1, np.argmin(cost)
    for j in range(window):
        bits[last + j] = (best >> j) & 1
    trace_back(best, last, settled, last, choices, bits)
    return bits


@compiled
def extend(cost: NDArray[np.int32], extended: NDArray[np.int32], chosen: NDArray[np.uint8]) -> None:
    """Move the window up by one bit: of the two bits that may have left it, keep the cheaper."""
    half = chosen.size
    for state in range(half):
        chosen[state] = cost[2 * state + 1] < cost[2 * state]
        cheaper = min(cost[2 * state], cost[2 * state + 1])
        extended[state] = cheaper
        extended[state + half] = cheaper


@compiled
def trace_back(
    state: Any, t: int, settled: int, until: int, choices: NDArray[np.uint8], bits: NDArray[np.uint8]
) -> None:
    """Walk from the best window at position t back to `settled`, and write the bits below `until`."""
    ring, half = choices.shape
    for back in range(t, settled, -1):
        kept = state & (half - 1)
        state = (kept << 1) | np.int64(choices[back % ring, kept])
        if back <= until:
            bits[back - 1] = state & 1


@compiled
def admitted(positions: Slots, marks: Marks, plane: Words, window: int, threshold: np.uint32) -> NDArray[np.bool_]:
    """Return whether the plane, packed into words, admits each key."""
    passed = np.zeros(positions.size, np.bool_)
    for i in range(positions.size):
        word, offset = positions[i] >> 6, positions[i] & 63
        seen = plane[word] >> np.uint64(offset)
        if offset + window > 64:
            seen |= plane[word + 1] << np.uint64(64 - offset)
        state = np.uint32(seen & np.uint64((1 << window) - 1))
        passed[i] = not refuses(state, marks[i], threshold)
    return passed
