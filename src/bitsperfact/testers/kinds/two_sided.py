"""A filter with errors on both sides, near the least memory that its two error rates allow."""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
from jaxtyping import Bool, UInt64
from numpy.typing import NDArray

from bitsperfact.testers._arguments import share
from bitsperfact.testers.hashing import Words
from bitsperfact.testers.protocol import SEED_BITS, Filter, TesterKind, key_hashes
from bitsperfact.testers.ribbon import Ribbon, bits_per_column, build_ribbon
from bitsperfact.testers.seed_plane import HEADER_BITS, SeedPlane, find_plane, plane_length
from bitsperfact.theory import lowest_fpr

#: Expected memory over the bound, which decides how the false-positive rate is split between plane and ribbon.
_OVERHEAD = 1.03
#: Steps of the search for a plane that does without a ribbon.
_HALVINGS = 6
_WINDOWS = range(1, 21)


@dataclass(frozen=True)
class TwoSidedTester(Filter):
    """Two-sided filter: 1 for a share 1 - fnr of keys and a share fpr of non-keys.

    The bound is KL(Bern(1 - fnr) || Bern(fpr)) bits per key (Guo & Li 2026, arXiv 2602.00906). A seed plane
    of density d first forgets the keys that cost most; a ribbon then stores the survivors. Derived here: with an
    ideal plane and ribbon the memory is

        KL(Bern(1 - fnr) || Bern(d)) + (1 - fnr) log2(d / fpr)
            = KL(Bern(1 - fnr) || Bern(fpr)) + fnr log2((1 - fpr) / (1 - d)),

    which is the bound as d falls to fpr, and fnr / 2 bits above it at d = .29. Forgetting the same share at random
    would cost (1 - fnr) log2(1 / fpr), up to h(fnr) more.
    """

    plane: SeedPlane
    ribbon: Ribbon | None
    seed: int
    fnr: float

    @classmethod
    def init(
        cls,
        keys: Iterable[Hashable],
        bits_per_key: float,
        seed: int = 0,
        *,
        fnr: float = 0.1,
        window: int = 14,
    ) -> Self:
        """See `Tester.init`.

        Args: `fnr`: share of keys to forget, in (0, 1), met to about .005. `window`: effort, in 1..20; each
        step doubles the time and brings the memory nearer to the bound.
        """
        share("fnr", fnr)
        effort = _window(window)
        hashed, budget_bits = key_hashes(keys, bits_per_key, seed)
        plan = _best_plan(hashed, budget_bits, fnr, effort)
        plane = find_plane(hashed, plan.length, plan.density, effort)
        kept = hashed[plane.match(hashed)]
        left = budget_bits - SEED_BITS - plane.memory_bits
        ribbon = build_ribbon(kept, left, seed, tight=True) if plan.columns and len(kept) else None
        return cls(plane, ribbon, int(seed), 1 - len(kept) / len(hashed))

    def match(self, hashed: UInt64[Words, "claims 2"]) -> Bool[NDArray[np.bool_], " claims"]:
        """See `Filter.match`."""
        matched = self.plane.match(hashed)
        if self.ribbon is not None:
            matched[matched] = self.ribbon.match(hashed[matched])
        return matched

    @property
    def memory_bits(self) -> int:
        """Bits of plane, ribbon, their headers and the hash seed."""
        return self.plane.memory_bits + (self.ribbon.memory_bits if self.ribbon else 0) + SEED_BITS

    @property
    def fpr(self) -> float:
        """Share of non-keys that match, in expectation (1)."""
        return self.plane.density * (self.ribbon.fpr if self.ribbon else 1.0)


class _Plan(NamedTuple):
    """A plane's length and density, the ribbon's columns beside it, and log2(1 / fpr) that both reach."""

    length: int
    density: float
    columns: int
    log2_rate: float


def _best_plan(hashed: Words, budget_bits: float, fnr: float, window: int) -> _Plan:
    """Return the split of the budget between plane and ribbon that reaches the least false-positive rate.

    Each column less in the ribbon halves the plane's density. It goes on until that no longer helps.
    """
    aim = -math.log2(float(lowest_fpr(budget_bits / len(hashed) / _OVERHEAD, fnr)))
    # A plane of density 1 - fnr forgets that share for nothing; a denser one would forget less than asked.
    densest = math.log2(1 - fnr)
    best = _Plan(0, 1.0, 0, -1.0)
    for columns in range(math.floor(aim + densest), 0, -1):
        thinner = _plan(hashed, budget_bits, fnr, window, columns, aim)
        if thinner.log2_rate <= best.log2_rate:
            break
        best = thinner
    else:
        alone = _plane_alone(hashed, budget_bits, fnr, window, aim)
        best = max(best, alone, key=_log2_rate)
    if best.log2_rate < 0:
        raise ValueError(f"bits_per_key is too low: {budget_bits:g} bits in all leave no room for a seed plane")
    # Aim again, at what is in reach, so that the density takes up what is not a whole number of columns.
    reach = best.log2_rate
    again = [columns for columns in (best.columns, best.columns - 1) if 0 < columns <= reach + densest]
    plans = [_plan(hashed, budget_bits, fnr, window, columns, reach) for columns in again]
    return max(plans, key=_log2_rate, default=best)


def _log2_rate(plan: _Plan) -> float:
    return plan.log2_rate


def _plan(hashed: Words, budget_bits: float, fnr: float, window: int, columns: int, aim: float) -> _Plan:
    """Plan so many columns with a density that aims at a log2(1 / fpr); -1 where the budget has no room."""
    room, density = _room(budget_bits, window), 2.0 ** (columns - aim)
    length = plane_length(hashed, fnr, density, window)
    if length > room:
        return _Plan(room, density, columns, -1.0)
    slots = bits_per_column(math.ceil((1 - fnr) * len(hashed)), tight=True)
    return _Plan(length, density, columns, (room - length) / slots - math.log2(density))


def _plane_alone(hashed: Words, budget_bits: float, fnr: float, window: int, aim: float) -> _Plan:
    """Return the plan without a ribbon: the thinnest plane that the budget has room for, by bisection."""
    room, best = _room(budget_bits, window), _Plan(0, 1.0, 0, -1.0)
    low, high = -math.log2(1 - fnr), aim
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        length = plane_length(hashed, fnr, 2.0**-middle, window)
        if length <= room:
            best, low = _Plan(length, 2.0**-middle, 0, middle), middle
        else:
            high = middle
    return best


def _room(budget_bits: float, window: int) -> int:
    """Positions of a plane, in whole words, that takes up the whole budget."""
    return 64 * (int(budget_bits - SEED_BITS - HEADER_BITS) // 64) - window + 1


def _window(window: Any) -> int:
    if isinstance(window, bool) or not isinstance(window, int | np.integer) or window not in _WINDOWS:
        raise ValueError(f"window must be a whole number from {_WINDOWS[0]} to {_WINDOWS[-1]}, got {window!r}")
    return int(window)


TESTER = TesterKind(partial(TwoSidedTester.init, fnr=0.03))
