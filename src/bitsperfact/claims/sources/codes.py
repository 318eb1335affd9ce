"""The shape of a recipe's codes."""

from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import Pattern
from bitsperfact.errors import BadInput


def code_shape(recipe: Recipe) -> Pattern:
    """The pattern under [shape]; raise BadInput where that is none of a code."""
    unknown = set(recipe.shape) - {"keep", "check"}
    if unknown or recipe.shape.get("check", "") not in ("", "cas") or recipe.shape.get("keep", 0) < 0:
        raise BadInput(f"{recipe.path}, key shape", 'keep >= 0 and check = "cas" at most', dict(recipe.shape))
    return Pattern(**recipe.shape)
