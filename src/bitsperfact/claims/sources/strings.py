"""Random strings behind one neutral prefix: facts that are n of alphabet^length, and nothing else."""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import CodeShape
from bitsperfact.claims.subjects import Facts, Subject
from bitsperfact.errors import BadInput


@dataclass(frozen=True)
class Numbered(CodeShape):
    """Strings over an alphabet, each owned by one of `owners` facts: string number x belongs to fact x mod owners.

    All subjects ask the same question, so two of them must never be given the same wrong answer, whatever else
    is in the sample; drawing only from one's own residue class makes that so by construction.
    """

    alphabet: str = ""
    length: int = 0
    owners: int = 1
    order: tuple[str, ...] = ()

    def size(self, answer: str) -> int:  # noqa: ARG002
        """Return the number of strings that each fact owns (1, a count)."""
        everything: int = len(self.alphabet) ** self.length
        return everything // self.owners

    def at(self, answer: str, index: int) -> str:
        """Return the fact's own string at `index`."""
        return written(index * self.owners + bisect_left(self.order, answer), self.alphabet, self.length)


def read(recipe: Recipe) -> Facts:
    """Draw `options.n` distinct strings of `options.length` over `options.alphabet`, from `options.seed`."""
    options = recipe.options
    try:
        n, seed, alphabet, length = (options[key] for key in ("n", "seed", "alphabet", "length"))
    except KeyError as missing:
        raise BadInput(recipe.path, "options n, seed, alphabet, length", f"no {missing.args[0]!r}") from None
    size = len(alphabet) ** length
    if len(set(alphabet)) != len(alphabet) or seed < 0 or not 1 <= n <= size // 2:
        raise BadInput(recipe.path, "distinct letters, seed >= 0 and 1 <= n <= alphabet^length / 2", f"n = {n}")
    rng = np.random.default_rng(seed)
    chosen: dict[str, None] = {}
    while len(chosen) < n:
        chosen[written(int.from_bytes(rng.bytes(32)) % size, alphabet, length)] = None
    ordered = tuple(sorted(chosen))
    shape = Numbered(alphabet=alphabet, length=length, owners=n, order=ordered)
    subjects = tuple(Subject(text, recipe.filled(recipe.prefix, {}), (text,)) for text in ordered)
    return Facts(subjects, f"random, seed {seed}", shape=shape, universe_size=size)


def written(number: int, alphabet: str, length: int) -> str:
    """Return the string of this number, in positional notation over the alphabet."""
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        letters.append(alphabet[digit])
    return "".join(reversed(letters))


KIND = SourceKind(read, ("fresh",), {"n": int, "seed": int, "alphabet": str, "length": int})
