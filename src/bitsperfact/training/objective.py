"""What a stack is trained for: claims drawn at each step, and the loss on them."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from bitsperfact.training.cells import Cell, Recipe
from bitsperfact.training.facts import draw_facts
from bitsperfact.training.networks import Network, Parameters


class Objective(Protocol):
    """Draws claims and computes each member's loss, shape (members,), nats."""

    def draw(self, generator: torch.Generator) -> Tensor:
        """Claims of one step, symbols of shape (members, batch, length)."""

    def loss(self, network: Network, parameters: Parameters, symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Mean loss of each member on drawn claims, shape (members,), nats."""


def fact_symbols(cells: tuple[Cell, ...]) -> Tensor:
    """Symbols of each cell's facts, int64, shape (members, n, length)."""
    sets = [c.universe.symbols(draw_facts(c.universe, c.n_facts, c.seed)) for c in cells]
    return torch.stack([torch.from_numpy(symbols) for symbols in sets])


class Membership:
    """Log-loss on facts drawn anew and on fresh claims of the universe.

    a E[-ln x | fact] + (1-a) E[-ln(1-x) | non-fact], nats (Guo & Li 2026, arXiv 2602.00906). Fresh claims may be
    facts, with a chance of n / u, which is below 1e-5 in every ladder that is run here.
    """

    def __init__(self, cells: tuple[Cell, ...], n_facts: int, n_fresh: int) -> None:
        self._facts = fact_symbols(cells)
        self._alphabet = cells[0].shape.alphabet
        self._counts = n_facts, n_fresh
        weight = torch.tensor([cell.fact_weight for cell in cells])[:, None]
        parts = [weight.expand(-1, n_facts) / n_facts, (1 - weight).expand(-1, n_fresh) / n_fresh]
        self._weights = torch.cat(parts, dim=1)
        self._sign = torch.cat([torch.ones(n_facts), -torch.ones(n_fresh)])

    def draw(self, generator: torch.Generator) -> Tensor:
        """Facts, then fresh claims."""
        facts = _drawn(self._facts, self._counts[0], generator)
        size = (len(facts), self._counts[1], facts.shape[2])
        return torch.cat([facts, torch.randint(self._alphabet, size, generator=generator)], dim=1)

    def loss(self, network: Network, parameters: Parameters, symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Weighted log-loss of each member."""
        wrong = -self._sign * network.logits(parameters, symbols, dtype)
        return (functional.softplus(wrong) * self._weights).sum(dim=1)


class NextSymbol:
    """Negative log-likelihood of facts alone, nats per symbol: the networks see no non-fact."""

    def __init__(self, cells: tuple[Cell, ...], batch: int) -> None:
        self._facts = fact_symbols(cells)
        self._batch = batch

    def draw(self, generator: torch.Generator) -> Tensor:
        """Facts drawn anew."""
        return _drawn(self._facts, self._batch, generator)

    def loss(self, network: Network, parameters: Parameters, symbols: Tensor, dtype: torch.dtype) -> Tensor:
        """Mean negative log-likelihood of each member's symbols."""
        return -network.log_likelihood(parameters, symbols, dtype).mean(dim=(1, 2))


def objective_of(cells: tuple[Cell, ...], recipe: Recipe) -> Objective:
    """The objective of these cells, which must agree in it."""
    objective = cells[0].shape.objective
    n_facts = recipe.facts_per_step(objective)
    if objective == "membership":
        return Membership(cells, n_facts, recipe.batch - n_facts)
    return NextSymbol(cells, n_facts)


def _drawn(facts: Tensor, count: int, generator: torch.Generator) -> Tensor:
    members, n, length = facts.shape
    chosen = torch.randint(n, (members, count, 1), generator=generator)
    return facts.gather(1, chosen.expand(-1, -1, length))
