"""Cells of the ladder: one network, one set of facts, one trade-off; and stacks of cells that train together."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from bitsperfact.files import sha256_of_text
from bitsperfact.training.dial import Architecture, Objective, Shape, shape_of
from bitsperfact.training.facts import Universe

#: Raised whenever the same recipe gives other numbers than before.
VERSION = 2


@dataclass(frozen=True)
class Recipe:
    """How cells are trained; every field changes the numbers, so each is part of a cell's id.

    `exposures`: times that each fact is shown at most, on average; `first`: share of them after which the plateau
    is looked for first; horizons double from there. `tolerance`: relative gain in effective bits by the last
    doubling up to which a cell counts as finished. `batch`: claims per step and member; `fresh_share`: share of
    them that are fresh non-facts, where the objective has any; `learning_rate`: of the matrices, whose steps have
    this root-mean-square times a fifth; `adam_rate`: of everything else. `least_steps`: steps of the last horizon
    at least, since few facts are shown often in few steps. `decay`: share of a horizon over which rates fall to 0.
    `dtype`: of the products; parameters are float32. `compiled`: whether `torch.compile` fuses the loss.
    `nonfacts`: evaluated at most per cell.
    """

    exposures: int = 1000
    least_steps: int = 3000
    first: float = 0.25
    tolerance: float = 0.05
    batch: int = 4096
    fresh_share: float = 0.75
    learning_rate: float = 0.05
    adam_rate: float = 0.01
    momentum: float = 0.95
    warmup: int = 100
    decay: float = 0.5
    dtype: str = "bfloat16"
    compiled: bool = False
    nonfacts: int = 2**20

    def __post_init__(self) -> None:
        for name in ("exposures", "batch", "nonfacts"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} must be at least 2, got {getattr(self, name)}")
        for name in ("first", "decay", "fresh_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in (0, 1], got {getattr(self, name):g}")
        if self.dtype not in ("float32", "bfloat16"):
            raise ValueError(f"dtype must be float32 or bfloat16, got {self.dtype!r}")

    def facts_per_step(self, objective: Objective) -> int:
        """Facts among the claims of a step (1, a count)."""
        return self.batch if objective == "next-symbol" else max(1, round(self.batch * (1 - self.fresh_share)))


@dataclass(frozen=True)
class Cell:
    """One network and what it is to tell: n facts of a universe, at weight a of facts in the loss."""

    shape: Shape
    n_facts: int
    fact_weight: float
    seed: int

    @property
    def name(self) -> str:
        """A name that says what the cell is; unique in a ladder of one universe and objective."""
        weight = f"-a{self.fact_weight:g}" if self.shape.objective == "membership" else ""
        return f"{self.shape.architecture}-{self.shape.parameters}-n{self.n_facts}{weight}-s{self.seed}"

    @property
    def claim_set(self) -> str:
        """Name of the set of facts: cells of one n and seed have the same, whatever their network."""
        return f"strings-{self.n_facts}-s{self.seed}"

    @property
    def parameters_per_fact(self) -> float:
        """P / n (1)."""
        return self.shape.parameters / self.n_facts

    @property
    def universe(self) -> Universe:
        """The universe that facts are drawn from."""
        return Universe(self.shape.alphabet, self.shape.length)


@dataclass(frozen=True)
class Stack:
    """Cells of one shape and n, trained side by side; they differ in seed and fact weight only."""

    cells: tuple[Cell, ...]
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def id(self) -> str:
        """Hash of everything that decides the numbers of these cells (20 hexadecimal digits)."""
        content = {"version": VERSION, "cells": [asdict(c) for c in self.cells], "recipe": asdict(self.recipe)}
        return sha256_of_text(json.dumps(content, sort_keys=True))[:20]

    @property
    def shape(self) -> Shape:
        """The members' shape."""
        return self.cells[0].shape

    @property
    def horizons(self) -> list[int]:
        """Steps after which training ends if its cells are finished, each double the last (1, counts)."""
        facts_per_step = self.recipe.facts_per_step(self.shape.objective)
        shown = round(self.recipe.exposures * self.cells[0].n_facts / facts_per_step)
        most = max(8, self.recipe.least_steps, shown)
        found = [most]
        while found[0] // 2 >= max(4, self.recipe.first * most - 1):
            found.insert(0, found[0] // 2)
        return found

    @property
    def work(self) -> int:
        """Floating-point operations of training to the last horizon, for progress: 6 per parameter and symbol."""
        reads = self.shape.length if self.shape.architecture == "transformer" else 1
        return 6 * self.shape.parameters * reads * self.recipe.batch * len(self.cells) * self.steps

    @property
    def steps(self) -> int:
        """Steps to the last horizon, those of the decays before included."""
        return self.horizons[-1] + sum(h - round((1 - self.recipe.decay) * h) for h in self.horizons[:-1])


def ladder(
    architecture: Architecture,
    objective: Objective,
    universe: Universe,
    parameters: Iterable[int],
    facts: Iterable[int],
    seeds: int,
    fact_weights: tuple[float, ...] = (0.5,),
    trade_off: tuple[float, ...] = (),
    per_fact: tuple[float, float] = (1.0, 6.0),
) -> list[Cell]:
    """The cells of a ladder, those with P / n outside `per_fact` left out; sorted by size, n, weight, seed.

    `trade_off`: further fact weights, for the middle size and the first seed only.
    Raises: ValueError where nothing is left, or a shape or n does not fit.
    """
    sizes = sorted(
        {shape_of(architecture, p, universe, objective) for p in parameters}, key=lambda s: s.parameters
    )
    counts = sorted(set(facts))
    cells = []
    for i, shape in enumerate(sizes):
        extra = trade_off if i == len(sizes) // 2 and objective == "membership" else ()
        for n in counts:
            if not per_fact[0] <= shape.parameters / n <= per_fact[1]:
                continue
            cells += [Cell(shape, n, a, seed) for a in fact_weights for seed in range(seeds)]
            cells += [Cell(shape, n, a, 0) for a in extra if a not in fact_weights]
    if not cells:
        raise ValueError(f"parameters and facts must meet P / n in {per_fact[0]:g}..{per_fact[1]:g}, got none")
    return cells


def stacks_of(cells: Iterable[Cell], recipe: Recipe) -> list[Stack]:
    """Group cells into stacks, the most work first, so that workers end at about the same time."""

    def key(cell: Cell) -> tuple[str, str, int, int]:
        return cell.shape.architecture, cell.shape.objective, cell.shape.parameters, cell.n_facts

    groups = [Stack(tuple(part), recipe) for _, part in groupby(sorted(cells, key=key), key=key)]
    return sorted(groups, key=lambda stack: -stack.work)


def recipe_for(architecture: Architecture, **settings: Any) -> Recipe:
    """The recipe that was measured to store most per second of an architecture (docs/ladder.md), with changes."""
    if architecture == "mlp":
        return Recipe(**settings)
    own: dict[str, Any] = {"exposures": 300, "least_steps": 1500, "batch": 512, "fresh_share": 0.5}
    return Recipe(**own | {"learning_rate": 0.01, "dtype": "float32"} | settings)
