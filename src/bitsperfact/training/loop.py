"""Trains a stack until longer training adds almost nothing, with checkpoints.

The rate is constant and, before each horizon, falls to 0 over the last part of it. Where the horizon's result is
not yet the plateau, training goes back to where the fall began and on to a horizon twice as long: each horizon's
result is exactly that of a training of that length, and none but the decays is computed twice.
"""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from bitsperfact.files import sha256_of_text
from bitsperfact.training.architectures import network_of
from bitsperfact.training.cells import Cell, Stack
from bitsperfact.training.facts import draw_facts
from bitsperfact.training.measuring import reached
from bitsperfact.training.networks import Network, initial_stack
from bitsperfact.training.objectives import Loss, objective_of
from bitsperfact.training.optimiser import initial_moments, update
from bitsperfact.training.plateau import is_finished
from bitsperfact.training.state import State, load_state, save_state

#: Called with the number of steps done since the last call.
Progress = Callable[[int], None]
#: Seconds between checkpoints.
CHECKPOINT_S = 20.0


def train(stack: Stack, checkpoint: Path, progress: Progress | None = None) -> State:
    """Train a stack to its plateau or last horizon; goes on from `checkpoint` where there is one.

    Returns: the final state. The same stack gives the same numbers on one machine, wherever it was interrupted.
    """
    network = network_of(stack.shape)
    state = load_state(checkpoint) or initial_state(stack, network)
    trainer = _Trainer(stack, network, loss_of(stack), checkpoint, progress)
    if progress is not None:
        progress(state.steps_done)
    return trainer.run(state)


def initial_state(stack: Stack, network: Network) -> State:
    """Return the state before the first step: parameters depend on a member's seed, claims drawn on the stack."""
    parameters = initial_stack(network, [_seed("network", cell.name) for cell in stack.cells])
    generator = torch.Generator().manual_seed(_seed("claims", stack.id))
    return State(parameters, initial_moments(parameters, network.matrices()), generator)


def loss_of(stack: Stack) -> Loss:
    """Return what draws the claims of a stack's steps and computes the loss on them."""
    weights = [cell.fact_weight for cell in stack.cells]
    objective = objective_of(stack.shape.objective)
    return objective.loss(_fact_symbols(stack.cells), weights, stack.shape.alphabet, stack.schedule)


def _fact_symbols(cells: tuple[Cell, ...]) -> Tensor:
    """Symbols of each cell's facts, int64, shape (members, n, length)."""
    sets = [c.universe.symbols(draw_facts(c.universe, c.n_facts, c.seed)) for c in cells]
    return torch.stack([torch.from_numpy(symbols) for symbols in sets])


def _seed(*names: str) -> int:
    return int(sha256_of_text(*names)[:15], 16)


class _Trainer:
    def __init__(
        self, stack: Stack, network: Network, loss: Loss, checkpoint: Path, progress: Progress | None
    ) -> None:
        self._stack, self._network, self._drawn = stack, network, loss
        self._checkpoint, self._progress = checkpoint, progress
        self._loss = self._loss_of_members
        if stack.schedule.compiled:
            self._loss = torch.compile(self._loss_of_members, dynamic=False)
        self._saved_at = time.monotonic()
        self._started = self._saved_at

    def run(self, state: State) -> State:
        schedule, horizons = self._stack.schedule, self._stack.horizons
        while not self._is_done(state):
            horizon = horizons[len(state.horizons)]
            fall = round((1 - schedule.decay) * horizon)
            if state.trunk is None:
                state = self._steps(state, fall, fall, horizon)
                state.trunk = state.copy()
            state = self._steps(state, horizon, fall, horizon)
            state.horizons.append(reached(self._stack, self._network, state.parameters, horizon))
            if self._is_done(state):
                break
            state = state.back_to_trunk()
        state.trunk = None
        self._save(state)
        return state

    def _is_done(self, state: State) -> bool:
        found = state.horizons
        if len(found) == len(self._stack.horizons):
            return True
        return bool(found) and is_finished(found, self._stack.schedule.tolerance)

    def _steps(self, state: State, until: int, fall: int, horizon: int) -> State:
        while state.step < until:
            self._step(state, self._rate(state.step, fall, horizon))
            if time.monotonic() - self._saved_at > CHECKPOINT_S:
                self._save(state)
        return state

    def _rate(self, step: int, fall: int, horizon: int) -> float:
        warm = min(1.0, (step + 1) / self._stack.schedule.warmup)
        return warm * min(1.0, (horizon - step) / (horizon - fall))

    def _step(self, state: State, rate: float) -> None:
        leaves = {name: value.requires_grad_() for name, value in state.parameters.items()}
        symbols = self._drawn.draw(state.generator)
        # Members share nothing, so the gradient of the sum is each member's own.
        total = self._loss(leaves, symbols).sum()
        gradients = dict(zip(leaves, torch.autograd.grad(total, list(leaves.values())), strict=True))
        update(state.parameters, gradients, state.moments, self._network.matrices(), self._stack.schedule, rate)
        state.step += 1
        state.steps_done += 1
        if self._progress is not None:
            self._progress(1)

    def _loss_of_members(self, parameters: dict[str, Tensor], symbols: Tensor) -> Tensor:
        dtype = getattr(torch, self._stack.schedule.dtype)
        return self._drawn.of(self._network, parameters, symbols, dtype)

    def _save(self, state: State) -> None:
        now = time.monotonic()
        state.seconds += now - self._started
        self._started = self._saved_at = now
        save_state(state, self._checkpoint)
