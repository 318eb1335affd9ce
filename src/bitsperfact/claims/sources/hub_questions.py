"""Hub data sets of questions with true, and perhaps false, answers."""

from pathlib import Path

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.sources import _hub
from bitsperfact.claims.subjects import Facts, Subject, merged
from bitsperfact.errors import BadInput

_CELLS = ("facts", "aliases", "given", "group", "type")


def read(recipe: Recipe) -> Facts:
    """Read one subject per distinct prefix (a template over the columns).

    Columns `facts`, `given` and `aliases` hold the true answers to claim, the false ones, and further true ones:
    a text, a list, or a list as JSON. `group` names the entity and `type` what kind of answer is asked for.
    """
    if "facts" not in recipe.options:
        raise BadInput(recipe.path, "key options.facts, the column of true answers", "no such key")
    columns = {key: recipe.options[key] for key in _CELLS if key in recipe.options}
    templated = _fields(recipe.prefix, recipe.path)
    found = []
    for row in _hub.open_split(recipe, list(dict.fromkeys([*columns.values(), *templated]))):
        cells = {key: row[name] for key, name in columns.items()}
        facts = tuple(dict.fromkeys(_hub.texts(cells["facts"])))
        prefix = recipe.filled(recipe.prefix, row)
        if facts and prefix.strip():
            found.append(
                Subject(
                    group=str(cells.get("group") or prefix).strip(),
                    prefix=prefix,
                    answers=facts,
                    answer_type=str(cells.get("type", "answer")),
                    also_true=frozenset(_hub.texts(cells.get("aliases"))),
                    given=_hub.texts(cells.get("given")),
                )
            )
    return Facts(merged(found), _hub.source(recipe))


def _fields(template: str, where: Path) -> list[str]:
    from string import Formatter

    try:
        return [name for _, name, _, _ in Formatter().parse(template) if name]
    except ValueError as error:
        raise BadInput(f"{where}, key prefix", "a template such as {question}", error) from None


KIND = SourceKind(read, ("derangement", "given"), {**_hub.OPTIONS, **dict.fromkeys(_CELLS, str)})
