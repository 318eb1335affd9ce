"""The optimiser of a stack: orthogonalised momentum for matrices, Adam for the rest.

Muon (Jordan et al. 2024) replaces a matrix's momentum by the nearest orthogonal matrix, so that all directions
learn at one rate. Here it stores, in the same number of steps, more bits than Adam at .003, the one rate tried
(docs/ladder.md). Every member of a stack has its own step; nothing is averaged over members.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bitsperfact.training.schedule import Schedule

_BETAS = (0.9, 0.99)
_EPSILON = 1e-8
#: Newton-Schulz steps, and the quintic's coefficients that Jordan et al. chose.
_STEPS = 5
_A, _B, _C = 3.4445, -4.7750, 2.0315
#: Root-mean-square of a step at learning rate 1 (Liu et al. 2025, arXiv 2502.16982): that of Adam.
_RMS = 0.2


@dataclass
class Moments:
    """What the optimiser remembers of a stack: first moments by parameter, second ones where Adam needs them."""

    first: dict[str, Tensor]
    second: dict[str, Tensor]
    step: int = 0


def initial_moments(parameters: dict[str, Tensor], matrices: dict[str, int]) -> Moments:
    """Return moments before the first step."""
    zeros = {name: torch.zeros_like(value) for name, value in parameters.items()}
    return Moments(zeros, {name: torch.zeros_like(v) for name, v in parameters.items() if name not in matrices})


@torch.no_grad()
def update(
    parameters: dict[str, Tensor],
    gradients: dict[str, Tensor],
    moments: Moments,
    matrices: dict[str, int],
    schedule: Schedule,
    rate: float,
) -> None:
    """Make one step, in place; `rate` (1, in [0, 1]) multiplies both learning rates."""
    moments.step += 1
    ahead = {}
    for name, gradient in gradients.items():
        first = moments.first[name]
        if name in matrices:
            first.lerp_(gradient, 1 - schedule.momentum)
            ahead[name] = gradient.lerp(first, schedule.momentum)  # Nesterov
        else:
            _adam(parameters[name], gradient, first, moments.second[name], moments.step, schedule.adam_rate * rate)
    for name, step in _orthogonal_steps(ahead, matrices).items():
        parameters[name].sub_(step, alpha=schedule.learning_rate * rate)


def _adam(value: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, rate: float) -> None:
    first.lerp_(gradient, 1 - _BETAS[0])
    second.mul_(_BETAS[1]).addcmul_(gradient, gradient, value=1 - _BETAS[1])
    scale = math.sqrt(1 - _BETAS[1] ** step)
    value.addcdiv_(first, second.sqrt().div_(scale).add_(_EPSILON), value=-rate / (1 - _BETAS[0] ** step))


def _orthogonal_steps(momenta: dict[str, Tensor], blocks: dict[str, int]) -> dict[str, Tensor]:
    """Return steps of root-mean-square `_RMS` for each block of columns, by name; shapes (members, rows, columns).

    Blocks of one shape, also of transposed shape, go through the products together: they are small and many.
    """
    wide = {name: _wide_blocks(value, blocks[name]) for name, value in momenta.items()}
    steps = {}
    for size in dict.fromkeys(value.shape[1:] for value in wide.values()):
        names = [name for name, value in wide.items() if value.shape[1:] == size]
        together = orthogonalised(torch.cat([wide[name] for name in names])) * (_RMS * math.sqrt(max(size)))
        for name, part in zip(names, torch.split(together, [len(wide[name]) for name in names]), strict=True):
            steps[name] = _from_wide_blocks(part, momenta[name].shape, blocks[name])
    return steps


def _wide_blocks(matrices: Tensor, blocks: int) -> Tensor:
    """(members, rows, columns) as (members * blocks, short side, long side) of each block."""
    members, rows, columns = matrices.shape
    parts = matrices.view(members, rows, blocks, columns // blocks).transpose(1, 2).flatten(0, 1)
    return parts if parts.shape[1] <= parts.shape[2] else parts.mT


def _from_wide_blocks(parts: Tensor, shape: torch.Size, blocks: int) -> Tensor:
    """Inverse of `_wide_blocks`."""
    members, rows, columns = shape
    upright = parts if parts.shape[1] == rows else parts.mT
    return upright.reshape(members, blocks, rows, columns // blocks).transpose(1, 2).reshape(shape)


def orthogonalised(matrices: Tensor) -> Tensor:
    """Matrices of nearly the same singular vectors, with singular values near 1; shape (..., rows, columns)."""
    wide = matrices.shape[-2] <= matrices.shape[-1]
    x = matrices if wide else matrices.mT
    norm: Tensor = torch.linalg.matrix_norm(x, keepdim=True)
    x = x / (norm + 1e-12)
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = _A * x + (_B * gram + _C * (gram @ gram)) @ x
    return x if wide else x.mT
