"""The state of a stack in training, and its file: a killed run goes on from it to the same numbers."""

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bitsperfact.files import atomic_file
from bitsperfact.training.optimiser import Moments
from bitsperfact.training.plateau import Horizon


@dataclass
class State:
    """Everything that the next step depends on; `trunk` is what to go back to where a decay turns out too early.

    `seconds` of training so far, of all processes that worked on it, and `examples` shown so far are for the
    record.
    """

    parameters: dict[str, Tensor]
    moments: Moments
    generator: torch.Generator
    step: int = 0
    horizons: list[Horizon] = field(default_factory=list)
    trunk: "State | None" = None
    seconds: float = 0.0
    steps_done: int = 0

    def copy(self) -> "State":
        """Return a copy that shares nothing, without a trunk of its own."""
        generator = torch.Generator()
        generator.set_state(self.generator.get_state())
        parameters = {name: value.detach().clone() for name, value in self.parameters.items()}
        return State(
            parameters, deepcopy(self.moments), generator, self.step, list(self.horizons), None, self.seconds
        )

    def back_to_trunk(self) -> "State":
        """Return the state before the decay, with what the decay found; raises ValueError where there was none."""
        if self.trunk is None:
            raise ValueError("trunk must be there to go back to")
        trunk = self.trunk
        trunk.horizons, trunk.seconds, trunk.steps_done = self.horizons, self.seconds, self.steps_done
        return trunk


def save_state(state: State, path: Path) -> None:
    """Write a checkpoint, atomically."""
    with atomic_file(path) as partial:
        torch.save(_packed(state), partial)


def load_state(path: Path) -> State | None:
    """Return the state of a checkpoint, or None where there is none; files are whole or absent."""
    if not path.is_file():
        return None
    return _unpacked(torch.load(path, weights_only=True))


def _packed(state: State) -> dict[str, Any]:
    return {
        "parameters": state.parameters,
        "first": state.moments.first,
        "second": state.moments.second,
        "moments_step": state.moments.step,
        "generator": state.generator.get_state(),
        "step": state.step,
        "horizons": [(h.steps, list(h.bits), list(h.loss_nats)) for h in state.horizons],
        "trunk": None if state.trunk is None else _packed(state.trunk),
        "seconds": state.seconds,
        "steps_done": state.steps_done,
    }


def _unpacked(content: dict[str, Any]) -> State:
    generator = torch.Generator()
    generator.set_state(content["generator"])
    return State(
        content["parameters"],
        Moments(content["first"], content["second"], content["moments_step"]),
        generator,
        content["step"],
        [Horizon(steps, tuple(bits), tuple(losses)) for steps, bits, losses in content["horizons"]],
        None if content["trunk"] is None else _unpacked(content["trunk"]),
        content["seconds"],
        content["steps_done"],
    )
