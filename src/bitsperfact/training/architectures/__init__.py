"""Architectures of networks, one file each: shape, network, schedule, and how a trained network is saved."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bitsperfact.plugins import Room
from bitsperfact.training.facts import Universe
from bitsperfact.training.objectives import Output, objective_of
from bitsperfact.training.schedule import Schedule
from bitsperfact.training.shapes import Shape

if TYPE_CHECKING:
    from bitsperfact.training.networks import Network, Parameters


class Architecture(Protocol):
    """One kind of network, under the attribute ARCHITECTURE of its file.

    `outputs`: what it can compute, hence which objectives it can have.
    """

    outputs: tuple[Output, ...]

    def settings(self, *, quick: bool) -> dict[str, Any]:
        """Return the fields of its schedule that were measured to store most per second (docs/ladder.md).

        `quick`: for a ladder in a minute.
        """

    def shape(self, parameters: int, universe: Universe, objective: str) -> Shape:
        """Return the shape whose number of parameters is nearest below `parameters`; ValueError if too few."""

    def reads(self, shape: Shape) -> int:
        """Return how often a claim passes through the parameters (1, a count), for progress."""

    def network(self, shape: Shape) -> "Network":
        """Return the functions of a stack of this shape."""

    def save(self, shape: Shape, member: "Parameters", folder: Path) -> None:
        """Save one member, a stack of one, as a folder."""


ARCHITECTURES = Room(
    "architecture",
    "bitsperfact.training.architectures",
    "ARCHITECTURE",
    "bitsperfact.architectures",
    lambda part: callable(getattr(part, "network", None)),
)


def architecture_of(name: str) -> Architecture:
    """Return the architecture of this name; raise BadInput where there is none."""
    found: Architecture = ARCHITECTURES.find(name)
    return found


def network_of(shape: Shape) -> "Network":
    """Return the network of this shape."""
    return architecture_of(shape.architecture).network(shape)


def save_network(shape: Shape, member: "Parameters", folder: Path) -> None:
    """Save one member, a stack of one, as its architecture is saved."""
    architecture_of(shape.architecture).save(shape, member, folder)


def schedule_for(architecture: str, *, quick: bool = False, **settings: Any) -> Schedule:
    """Return the schedule of an architecture, with changes; `quick`: for a ladder in a minute."""
    return Schedule(**architecture_of(architecture).settings(quick=quick) | settings)


def shape_of(architecture: str, parameters: int, universe: Universe, objective: str) -> Shape:
    """Return the shape whose number of parameters is nearest below `parameters`, at usual proportions.

    Raises: ValueError where `parameters` are too few for the smallest network, and for an objective that the
    architecture cannot have; BadInput for names that are unknown.
    """
    chosen, output = architecture_of(architecture), objective_of(objective).output
    if output not in chosen.outputs:
        raise ValueError(f"objective {objective} needs {output}, which {architecture} does not compute")
    return chosen.shape(parameters, universe, objective)
