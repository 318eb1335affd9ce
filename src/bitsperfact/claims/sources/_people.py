"""Made-up people: names that nobody could have learnt anything about."""

from pathlib import Path

import numpy as np

from bitsperfact.errors import BadInput

_INITIALS = "ABCDEFGHIJKLMNOPRSTVW"


def people(n: int, first: list[str], last: list[str], rng: np.random.Generator, where: Path) -> list[str]:
    """Make `n` distinct names such as "Ada B. Keller", in random order; raise BadInput where so few exist."""
    possible = len(first) * len(_INITIALS) * len(last)
    if not 1 <= n <= possible:
        raise BadInput(where, f"1 <= n <= {possible}, the names there can be", f"n = {n}")
    return [_person(int(i), first, last) for i in rng.choice(possible, size=n, replace=False)]


def _person(index: int, first: list[str], last: list[str]) -> str:
    index, at = divmod(index, len(first))
    family, initial = divmod(index, len(_INITIALS))
    return f"{first[at]} {_INITIALS[initial]}. {last[family]}"
