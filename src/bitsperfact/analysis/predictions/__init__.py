"""What the theory says of a run's tables: one prediction per module, each `PREDICTION`, found by name.

A prediction is added by putting its module here, by another package's entry point of the group
`bitsperfact.predictions`, or by naming it `package.module:NAME`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.plugins import Room
from bitsperfact.tables import Kind

#: `models`: what is neither trained in the run nor known by construction. `cells`: networks that the run trained,
#: one by one and by architecture. `known`: models that are known by construction. `all`: all of them.
Scope = Literal["all", "models", "cells", "known"]
Judge = Callable[[Evidence], Iterator[Verdict]]


@dataclass(frozen=True)
class Prediction:
    """A statement of the theory that a run can bear out or break.

    `name`: that of its rows in the verdict table, or what they begin with. `kind`: `evidence` where it could come
    out otherwise, `check` where it tests the instrument alone. `scope`: whom it is about. `meaning`: the statement
    in words. `judge`: yields its verdicts. `order`: its place in the verdict table, which is sorted by it.
    """

    name: str
    kind: Kind
    scope: Scope
    meaning: str
    judge: Judge
    order: float = 1000.0


ROOM = Room(
    "prediction",
    __name__,
    "PREDICTION",
    "bitsperfact.predictions",
    lambda part: isinstance(part, Prediction),
)


def found_predictions(more: Sequence[str] = ()) -> list[Prediction]:
    """Return every prediction that is found by name, and `more` that are named in full, in order.

    Raises BadInput where one of `more` is none.
    """
    parts: list[Prediction] = [ROOM.find(name) for name in dict.fromkeys([*ROOM.names(), *more])]
    return sorted(parts, key=lambda part: (part.order, part.name))
