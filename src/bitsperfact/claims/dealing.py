"""Deal answers out to subjects: every answer about as often as it should, none twice to one subject, none that is
barred there.

What a set's non-facts are made of must not tell them from its facts, so answers are not drawn subject by subject
(which leaves rare answers out by chance and flattens common ones) but dealt from a pack that holds each as often
as it is wanted. A pack dealt at random breaks a few rules; those cards are swapped with others until none does.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Random partners that a card is offered to before all are gone through in order.
_TRIES = 256
#: An answer for this share of the subjects that may have it is placed before the pack is dealt: shuffled, it would
#: be offered again and again to subjects that hold it.
_COMMON = 0.1


@dataclass(frozen=True)
class Pairs:
    """Which answers may go to which subjects, and how many of each are wanted.

    `wanted`: answers that each subject should get, shape (n_subjects,). `weights`: how common each answer should
    be, shape (n_answers,), in any unit. `free`: answers that a subject may have (n_subjects,), counted; `open_to`:
    subjects that an answer may go to (n_answers,), counted. `allows(subject, answer)` says whether a pair is
    allowed, and `takers(answer)` which subjects may have an answer, as a mask.
    """

    wanted: Counts
    weights: Floats
    free: Counts
    open_to: Counts
    allows: Callable[[int, int], bool]
    takers: Callable[[int], Mask]

    @property
    def degrees(self) -> Counts:
        """Answers that each subject gets, shape (n_subjects,): what it wants, or all that it may have."""
        return np.minimum(self.wanted, self.free)


def deal(pairs: Pairs, rng: np.random.Generator) -> list[list[int]]:
    """Return distinct allowed answers for every subject: as many as it wants, or all there are if fewer.

    Answer counts are proportional to their weights; one that would then go to more subjects than may have it goes
    to all of these, and the others share what is left in proportion. That is, of all counts within the limits, the
    law nearest the weights in relative entropy (derived here: Lagrange multipliers of an I-projection on upper
    limits). Takes time in proportion to the number of answers dealt, beside a little for each common answer.
    """
    degrees, supply = pairs.degrees, supply_of(pairs, rng)
    if 2 * degrees.sum() <= pairs.free.sum():
        return _Deal(pairs, degrees, supply, rng).dealt()
    # Almost everything is dealt: it is easier to say who does not get what.
    left_out = replace(pairs, wanted=pairs.free - degrees, weights=(pairs.open_to - supply).astype(np.float64))
    without = [set(each) for each in _Deal(left_out, left_out.wanted, pairs.open_to - supply, rng).dealt()]
    everyone = [np.flatnonzero(column) for column in np.stack([pairs.takers(a) for a in range(len(supply))]).T]
    return [
        [int(a) for a in rng.permutation(own) if a not in out] for own, out in zip(everyone, without, strict=True)
    ]


def supply_of(pairs: Pairs, rng: np.random.Generator | None = None) -> Counts:
    """Count how often each answer is dealt, shape (n_answers,); by lot (of `rng`) where parts are not whole."""
    total = int(pairs.degrees.sum())
    return shared_out(pairs.weights, pairs.open_to, total, np.random.default_rng(0) if rng is None else rng)


def shared_out(weights: Floats, limits: Counts, total: int, rng: np.random.Generator) -> Counts:
    """Split `total` in whole parts by `weights`, none above its limit; odd ones go by remainder, then lot.

    Returns: shape (n_answers,), counts. Raises: ValueError where the limits allow less than the total.
    """
    if total > limits.sum():
        raise ValueError(f"cannot deal {total} answers where {limits.sum()} are allowed")
    full = np.zeros(len(weights), dtype=bool)
    share = np.zeros(len(weights))
    while True:
        rest = weights[~full].sum()
        share = np.where(full, limits, weights * ((total - limits[full].sum()) / rest if rest else 0.0))
        over = ~full & (share >= limits)
        if not over.any():
            break
        full |= over
    parts = np.floor(share + 1e-9).astype(np.int64)
    order = np.lexsort((rng.random(len(parts)), -(share - parts)))
    more = order[(parts < limits)[order]][: total - parts.sum()]
    parts[more] += 1
    return parts


class _Deal:
    """Cards on the table: slot i holds answer `answers[i]` for subject `owners[i]`."""

    def __init__(self, pairs: Pairs, degrees: Counts, supply: Counts, rng: np.random.Generator) -> None:
        self._pairs, self._supply, self._rng = pairs, supply, rng
        owners = np.repeat(np.arange(len(degrees)), degrees)
        answers = self._first_deal(degrees, owners)
        self._owners, self._answers = owners.tolist(), answers.tolist()
        self._dealt: set[tuple[int, int]] = set()
        self._loose: set[int] = set()
        for slot, card in enumerate(zip(self._owners, self._answers, strict=True)):
            if card in self._dealt or not pairs.allows(*card):
                self._loose.add(slot)
            else:
                self._dealt.add(card)

    def dealt(self) -> list[list[int]]:
        """Return answers by subject, when every card lies where it may."""
        for slot in sorted(self._loose):
            if slot in self._loose and not self._swapped(slot):
                self._replaced(slot)
        found: list[list[int]] = [[] for _ in self._pairs.wanted]
        for owner, answer in zip(self._owners, self._answers, strict=True):
            found[owner].append(answer)
        return found

    def _first_deal(self, degrees: Counts, owners: Counts) -> Counts:
        answers, left = np.full(len(owners), -1), self._supply.copy()
        starts, used = np.cumsum(degrees) - degrees, np.zeros_like(degrees)
        common = np.flatnonzero((left > _COMMON * self._pairs.open_to) & (left > 1))
        for answer in common[np.lexsort((self._rng.random(len(common)), -left[common]))]:
            takers = np.flatnonzero(self._pairs.takers(answer) & (used < degrees))
            chosen = self._rng.permutation(takers)[: left[answer]]
            answers[starts[chosen] + used[chosen]] = answer
            used[chosen] += 1
            left[answer] -= len(chosen)
        answers[answers < 0] = self._rng.permutation(np.repeat(np.arange(len(left)), left))
        return answers

    def _swapped(self, slot: int) -> bool:
        n = len(self._owners)
        return any(self._swap(slot, other) for other in self._rng.integers(n, size=_TRIES).tolist()) or any(
            self._swap(slot, other) for other in self._rng.permutation(n).tolist()
        )

    def _swap(self, slot: int, other: int) -> bool:
        """Exchange the answers of two slots if both then lie where they may."""
        mine, theirs = (self._owners[slot], self._answers[other]), (self._owners[other], self._answers[slot])
        if not (self._fits(mine) and self._fits(theirs)) or mine[0] == theirs[0]:
            return False
        if other not in self._loose:
            self._dealt.remove((theirs[0], mine[1]))
        self._dealt |= {mine, theirs}
        self._answers[slot], self._answers[other] = mine[1], theirs[1]
        self._loose -= {slot, other}
        return True

    def _fits(self, card: tuple[int, int]) -> bool:
        return card not in self._dealt and self._pairs.allows(*card)

    def _replaced(self, slot: int) -> None:
        """Put an answer here that is short elsewhere, or the least overdone: no swap can help."""
        owner, dealt = self._owners[slot], Counter(answer for _, answer in self._dealt)
        fitting = [a for a in range(len(self._supply)) if self._fits((owner, a))]
        excess = np.array([dealt[a] - self._supply[a] for a in fitting])
        self._answers[slot] = fitting[int(self._rng.choice(np.flatnonzero(excess == excess.min())))]
        self._dealt.add((owner, self._answers[slot]))
        self._loose.discard(slot)
