"""Scores of trained networks: what a horizon reached, and the log-odds that everything else is computed from."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray
from torch import Tensor

from bitsperfact.training.cells import Cell, Stack
from bitsperfact.training.evaluated import FEW, UNTRAINED, UNTRAINED_FRESH, evaluated_claims
from bitsperfact.training.facts import Numbers, draw_facts, draw_nonfacts, rng_of
from bitsperfact.training.networks import Network, member_of
from bitsperfact.training.objectives import objective_of
from bitsperfact.training.plateau import Horizon

Scores = dict[str, Float32[NDArray[np.float32], " _"]]

#: Fresh non-facts behind the loss of a horizon.
_PROBED = 2**16
_CHUNK = 8192


def reached(stack: Stack, network: Network, parameters: Mapping[str, Tensor], steps: int) -> Horizon:
    """Return bits and loss of each member as they are now, on all facts and what else its objective measures."""
    found = [_reached(network, member_of(parameters, index), cell) for index, cell in enumerate(stack.cells)]
    bits, losses = zip(*found, strict=True)
    return Horizon(steps, bits, losses)


def _reached(network: Network, own: Mapping[str, Tensor], cell: Cell) -> tuple[float, float]:
    facts = draw_facts(cell.universe, cell.n_facts, cell.seed)

    def of_fresh() -> NDArray[np.float32]:
        rng = rng_of(cell.seed, "horizon", cell.claim_set)
        return scores_of(network, own, cell, draw_nonfacts(cell.universe, facts, _PROBED, rng))

    objective = objective_of(cell.shape.objective)
    return objective.reached(scores_of(network, own, cell, facts), of_fresh, cell.fact_weight, cell.universe)


def measured(
    stack: Stack, network: Network, parameters: Mapping[str, Tensor], untrained: Mapping[str, Tensor], index: int
) -> Scores:
    """Return all scores of one cell, by stratum, as its objective scores claims, nats.

    `fact`: all facts. `fresh`: non-facts uniform over the universe, as many as its bits take and at most the
    schedule's number. `near-1` to `near-3`: so many symbols from a fact. `shuffled`: what `shuffled_facts` gives.
    `untrained-*`: of the network before training.
    """
    cell = stack.cells[index]
    own, before = member_of(parameters, index), member_of(untrained, index)
    bits = reached(stack, network, parameters, 0).bits[index]
    claims = evaluated_claims(cell, _n_fresh(cell, bits, stack.schedule.nonfacts))
    found = {name: scores_of(network, own, cell, numbers) for name, numbers in claims.items()}
    few = claims["fresh"][:FEW]
    found[UNTRAINED] = scores_of(network, before, cell, claims["fact"])
    found[UNTRAINED_FRESH] = scores_of(network, before, cell, few)
    return found


def _n_fresh(cell: Cell, bits: float, most: int) -> int:
    return min(most, max(FEW, objective_of(cell.shape.objective).nonfacts_for(bits, most)))


@torch.no_grad()
def scores_of(
    network: Network, own: Mapping[str, Tensor], cell: Cell, numbers: Numbers
) -> Float32[NDArray[np.float32], " claims"]:
    """Return scores of claims by one member (a stack of one), in float32."""
    symbols = torch.from_numpy(cell.universe.symbols(numbers))
    objective = objective_of(cell.shape.objective)
    chunks = (symbols[start : start + _CHUNK] for start in range(0, len(symbols), _CHUNK))
    parts = [objective.scores(network, own, chunk[None]) for chunk in chunks]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)
