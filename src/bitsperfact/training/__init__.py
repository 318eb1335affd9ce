"""The ladder: networks of every size trained from scratch to tell random facts from all that is no fact.

`ladder` and `stacks_of` say what is trained, `train_stack` trains one stack and leaves its files, `train_all`
spreads stacks over processes. Importing this package imports no torch.
"""

from bitsperfact.training.cells import Cell, Recipe, Stack, ladder, recipe_for, stacks_of
from bitsperfact.training.dial import Shape, shape_of
from bitsperfact.training.evaluated import claim_set_info, model_info, shown_tables
from bitsperfact.training.facts import Universe
from bitsperfact.training.running import train_all, train_stack
from bitsperfact.training.store import LadderStore

__all__ = [
    "Cell",
    "LadderStore",
    "Recipe",
    "Shape",
    "Stack",
    "Universe",
    "claim_set_info",
    "ladder",
    "model_info",
    "recipe_for",
    "shape_of",
    "shown_tables",
    "stacks_of",
    "train_all",
    "train_stack",
]
