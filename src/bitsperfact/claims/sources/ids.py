"""Made-up people and their random numbers: facts that nobody could have learnt."""

import numpy as np

from bitsperfact.claims.kinds import MADE_OF_CODES, SourceKind
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import CodeShape
from bitsperfact.claims.sources._people import people
from bitsperfact.claims.subjects import Facts, Subject
from bitsperfact.errors import BadInput


def read(recipe: Recipe) -> Facts:
    """Make `options.n` people, each with a number of `options.digits` digits, from `options.seed`."""
    options = recipe.options
    try:
        n, seed, digits, first, last = (options[key] for key in ("n", "seed", "digits", "first", "last"))
    except KeyError as missing:
        raise BadInput(recipe.path, "options n, seed, digits, first, last", f"no {missing.args[0]!r}") from None
    if seed < 0 or not 1 <= digits <= 15 or n > 10**digits // 2:
        raise BadInput(recipe.path, "seed >= 0, 1 <= digits <= 15 and n <= 10^digits / 2", f"n = {n}")
    rng = np.random.default_rng(seed)
    numbers: dict[int, None] = {}
    while len(numbers) < n:
        numbers[int(rng.integers(10**digits))] = None
    names = people(n, first, last, rng, recipe.path)
    subjects = tuple(
        Subject(name, recipe.filled(recipe.prefix, {"name": name}), (f"{number:0{digits}}",))
        for name, number in zip(names, numbers, strict=True)
    )
    return Facts(subjects, f"random, seed {seed}", CodeShape(**recipe.shape))


KIND = SourceKind(
    read,
    MADE_OF_CODES,
    {"n": int, "seed": int, "digits": int, "first": list, "last": list},
    CodeShape,
)
