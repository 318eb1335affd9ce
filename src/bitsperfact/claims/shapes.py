"""The shape of an answer: which other strings look just as plausible."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()


@dataclass(frozen=True)
class CodeShape:
    """Codes: the first `keep` characters stay, every other keeps its class (digit, capital, small letter, itself).

    With `check` the last character is a check digit ("cas": CAS Registry Numbers), always made valid and no
    choice of its own. Raises ValueError where that is no shape of a code.
    """

    keep: int = 0
    check: str = ""

    def __post_init__(self) -> None:
        if self.keep < 0 or self.check not in ("", "cas"):
            raise ValueError('keep >= 0 and check = "cas" at most')

    def size(self, answer: str) -> int:
        """Return the number of codes of this pattern (1, a count)."""
        return math.prod(len(choices) for choices in self._choices(answer))

    def key(self, answer: str) -> str:
        """Return kept characters, then one letter per character class."""
        body = self._body(answer)
        return answer[: self.keep] + "".join(_class_of(c)[0] for c in body[self.keep :])

    def at(self, answer: str, index: int) -> str:
        """Return the code at `index` in mixed radix: distinct for distinct indices in [0, size)."""
        characters = []
        for choices in reversed(self._choices(answer)):
            index, digit = divmod(index, len(choices))
            characters.append(choices[digit])
        return self._closed("".join(reversed(characters)))

    def near(self, answer: str, rng: np.random.Generator) -> Iterator[str]:
        """Return codes with one character substituted within its class, and the check digit put right."""
        body = self._body(answer)
        edits = [
            self._closed(body[:at] + other + body[at + 1 :])
            for at, choices in enumerate(self._choices(answer))
            for other in choices
            if other != body[at]
        ]
        return (edits[i] for i in rng.permutation(len(edits)))

    def _body(self, answer: str) -> str:
        return answer[:-1] if self.check else answer

    def _choices(self, answer: str) -> list[str]:
        return [c if i < self.keep else _class_of(c) for i, c in enumerate(self._body(answer))]

    def _closed(self, body: str) -> str:
        return body + cas_check_digit(body) if self.check else body


@dataclass(frozen=True)
class Magnitude:
    """Rounded quantities, wrong by a factor: graded falsehoods.

    |ln(v / true)| lies between ln(1 + smallest) and ln(largest), of either sign. The grade of v is
    exp(-decay |ln(v / true)|) (1, in (0, 1]; derived here: the one law that makes the grade of two successive
    errors in one direction the product of their grades). Raises ValueError for numbers that allow no error.
    """

    digits: int = 3
    smallest: float = 0.1
    largest: float = 10.0
    decay: float = 4.0

    def __post_init__(self) -> None:
        if not (1 <= self.digits <= 6 and 0 < self.smallest < self.largest - 1 and self.decay > 0):
            raise ValueError("1 <= digits <= 6, 0 < smallest, 1 + smallest < largest and decay > 0")

    @property
    def size(self) -> int:
        """Number of values of this many digits within the largest factor either way (1, a count; by decades)."""
        per_decade: int = 9 * 10 ** (self.digits - 1)
        return round(per_decade * 2 * math.log10(self.largest))

    @property
    def errors(self) -> tuple[float, float]:
        """Least and largest |ln(v / true)| of a wrong value."""
        return math.log1p(self.smallest), math.log(self.largest)

    def within(self, log_ratio: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether values of these ln(v / true), of any shape, are wrong, by no more than the largest factor."""
        least, most = self.errors
        return (np.abs(log_ratio) >= least) & (np.abs(log_ratio) <= most)

    def grade(self, answer: str, candidate: str) -> float:
        """Return exp(-decay |ln(candidate / answer)|) (1, in (0, 1])."""
        return math.exp(-self.decay * abs(math.log(self.read(candidate) / self.read(answer))))

    def written(self, value: float) -> str:
        """Return the value to this many significant digits, with commas."""
        places = self.digits - 1 - math.floor(math.log10(value))
        return f"{round(round(value, places)):,}"

    @staticmethod
    def read(answer: str) -> float:
        """Return the value of a written quantity."""
        return float(answer.replace(",", ""))


def cas_check_digit(body: str) -> str:
    """Check digit of a CAS Registry Number's body such as `7732-18-`: the sum of digits times place, modulo 10."""
    digits = [int(c) for c in body if c.isdigit()]
    return str(sum(place * digit for place, digit in enumerate(reversed(digits), start=1)) % 10)


def _class_of(character: str) -> str:
    for choices in (_DIGITS, _UPPER, _LOWER):
        if character in choices:
            return choices
    return character


#: The shape of an answer: a code, or a quantity.
AnswerShape = CodeShape | Magnitude
