"""The ladder: networks of every size trained from scratch to tell random facts from all that is no fact.

`ladder` and `stacks_of` say what is trained, `train_all` trains it and leaves its files. Importing this package
imports no torch.
"""

from bitsperfact.training.architectures import schedule_for, shape_of
from bitsperfact.training.cells import Cell, Stack, ladder, stacks_of
from bitsperfact.training.evaluated import LadderTables, claim_sets, models_of
from bitsperfact.training.facts import Universe
from bitsperfact.training.ladder_store import LadderStore
from bitsperfact.training.running import train_all
from bitsperfact.training.schedule import Schedule
from bitsperfact.training.shapes import Shape

__all__ = [
    "Cell",
    "LadderStore",
    "LadderTables",
    "Schedule",
    "Shape",
    "Stack",
    "Universe",
    "claim_sets",
    "ladder",
    "models_of",
    "schedule_for",
    "shape_of",
    "stacks_of",
    "train_all",
]
