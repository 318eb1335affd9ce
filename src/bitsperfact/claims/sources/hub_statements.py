"""Data sets of whole statements with a label, two-valued or graded, on the Hub or in files beside the recipe."""

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.labelled import OPTIONS, read_labelled
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.sources.file import LOCATION, table_of
from bitsperfact.claims.subjects import Statements
from bitsperfact.errors import BadInput


def read(recipe: Recipe) -> Statements:
    """Read one row per distinct statement with one label; see `read_labelled`."""
    for key in ("statement", "label"):
        if key not in recipe.options:
            raise BadInput(recipe.path, f"key options.{key}, a column", "no such key")
    return read_labelled(recipe, table_of(recipe))


KIND = SourceKind(read, ("given",), {**LOCATION, **OPTIONS})
