"""Data sets of questions with true, and perhaps false, answers, on the Hub or in files beside the recipe."""

from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.questions import OPTIONS, read_questions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.sources.file import LOCATION, table_of
from bitsperfact.claims.subjects import Facts


def read(recipe: Recipe) -> Facts:
    """Read one subject per distinct prefix; see `read_questions`."""
    # Entities of such sets share names: what is asked of a second one is not true of the first.
    return read_questions(recipe, table_of(recipe), again=recipe.options.get("again", "first"))


KIND = SourceKind(read, ("derangement", "given"), {**LOCATION, **OPTIONS})
