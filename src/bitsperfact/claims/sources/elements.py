"""Chemical elements, from periodictable."""

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.subjects import Facts, Subject
from bitsperfact.errors import BadInput


def read(recipe: Recipe) -> Facts:
    """Return the atomic number (`options.answer` = "number") or symbol ("symbol") of every element."""
    source = versions(recipe.packages, recipe.path)
    import periodictable

    answer = recipe.options.get("answer", "number")
    if answer not in ("number", "symbol"):
        raise BadInput(f"{recipe.path}, key options.answer", "number or symbol", repr(answer))
    # Number 0 is the neutron.
    elements = [element for element in periodictable.elements if element.number > 0]
    subjects = tuple(
        Subject(e.name, recipe.filled(recipe.prefix, {"name": e.name}), (str(getattr(e, answer)),))
        for e in elements
    )
    return Facts(subjects, source)


KIND = SourceKind(read, ("derangement",), {"answer": str})
