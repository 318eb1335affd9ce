"""Scores of trained networks: what a horizon reached, and the log-odds that everything else is computed from."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bitsperfact.theory import effective_bits
from bitsperfact.training.cells import Cell, Stack
from bitsperfact.training.evaluated import FEW, evaluated_claims
from bitsperfact.training.facts import Numbers, draw_facts, draw_nonfacts, rng_of
from bitsperfact.training.networks import Network, member_of
from bitsperfact.training.plateau import Horizon
from bitsperfact.units import nats_to_bits

Scores = dict[str, NDArray[np.float32]]

#: The facts by the network before training, and fresh non-facts by it.
UNTRAINED, UNTRAINED_FRESH = "untrained-fact", "untrained-fresh"
#: Fresh non-facts behind the loss of a horizon.
_PROBED = 2**16
_CHUNK = 8192
#: Bits per fact by which the divergence may exceed effective bits, allowed for when non-facts are counted out.
_SPREAD_BITS = 2.0
#: Non-facts wanted per 2^bits.
_PER_RATE = 50.0


def reached(stack: Stack, network: Network, parameters: Mapping[str, Tensor], steps: int) -> Horizon:
    """Bits and loss of each member as they are now, on all facts and, for membership, fresh non-facts."""
    bits, losses = [], []
    for index, cell in enumerate(stack.cells):
        own = member_of(parameters, index)
        facts = draw_facts(cell.universe, cell.n_facts, cell.seed)
        of_facts = scores_of(network, own, cell, facts)
        if cell.shape.objective == "next-symbol":
            nll = -float(of_facts.mean(dtype=np.float64))
            bits.append(float(np.log2(cell.universe.size)) - nats_to_bits(nll))
            losses.append(nll / cell.shape.length)
            continue
        rng = rng_of(cell.seed, "horizon", cell.claim_set)
        of_others = scores_of(network, own, cell, draw_nonfacts(cell.universe, facts, _PROBED, rng))
        loss = weighted_loss(of_facts, of_others, cell.fact_weight)
        losses.append(loss)
        bits.append(float(effective_bits(loss, cell.fact_weight)))
    return Horizon(steps, tuple(bits), tuple(losses))


def weighted_loss(facts: NDArray[np.float32], nonfacts: NDArray[np.float32], fact_weight: float) -> float:
    """a mean softplus(-facts) + (1-a) mean softplus(nonfacts): log-loss of log-odds, nats."""
    of_facts = np.logaddexp(0.0, -facts.astype(np.float64)).mean()
    of_others = np.logaddexp(0.0, nonfacts.astype(np.float64)).mean()
    return float(fact_weight * of_facts + (1 - fact_weight) * of_others)


def measured(
    stack: Stack, network: Network, parameters: Mapping[str, Tensor], untrained: Mapping[str, Tensor], index: int
) -> Scores:
    """All scores of one cell, by stratum: log-odds (membership) or log-likelihoods (next-symbol), nats.

    `fact`: all facts. `fresh`: non-facts uniform over the universe, 50 * 2^bits of them and at most the recipe's
    number. `near-1` to `near-3`: so many symbols from a fact. `shuffled`: what `shuffled_facts` gives.
    `untrained-*`: of the network before training.
    """
    cell = stack.cells[index]
    own, before = member_of(parameters, index), member_of(untrained, index)
    bits = reached(stack, network, parameters, 0).bits[index]
    claims = evaluated_claims(cell, wanted_nonfacts(cell, bits, stack.recipe.nonfacts))
    found = {name: scores_of(network, own, cell, numbers) for name, numbers in claims.items()}
    few = claims["fresh"][:FEW]
    found[UNTRAINED] = scores_of(network, before, cell, claims["fact"])
    found[UNTRAINED_FRESH] = scores_of(network, before, cell, few)
    return found


def wanted_nonfacts(cell: Cell, bits: float, most: int) -> int:
    """How many fresh non-facts resolve so many effective bits, at most `most`; a likelihood needs all of these."""
    wanted = _PER_RATE * 2.0 ** min(bits + _SPREAD_BITS, 40.0) if cell.shape.objective == "membership" else most
    return int(min(most, max(FEW, wanted)))


@torch.no_grad()
def scores_of(network: Network, own: Mapping[str, Tensor], cell: Cell, numbers: Numbers) -> NDArray[np.float32]:
    """Scores of claims by one member (a stack of one), in float32; shape of `numbers`."""
    symbols = torch.from_numpy(cell.universe.symbols(numbers))
    parts = []
    for start in range(0, len(symbols), _CHUNK):
        chunk = symbols[start : start + _CHUNK]
        if cell.shape.objective == "membership":
            parts.append(network.logits(own, chunk[None], torch.float32)[0])
        else:
            parts.append(network.log_likelihood(own, chunk[None], torch.float32)[0].sum(-1))
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)
