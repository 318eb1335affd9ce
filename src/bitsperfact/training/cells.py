"""Cells of the ladder: one network, one set of facts, one trade-off; and stacks of cells that train together."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import groupby

from bitsperfact.files import sha256_of_text
from bitsperfact.training.architectures import architecture_of, shape_of
from bitsperfact.training.facts import Universe
from bitsperfact.training.objectives import objective_of
from bitsperfact.training.schedule import Schedule
from bitsperfact.training.shapes import Shape

#: Raised whenever the same schedule gives other numbers than before.
VERSION = 2


@dataclass(frozen=True)
class Cell:
    """One network and what it is trained on: n facts of a universe, at weight a of facts in the loss."""

    shape: Shape
    n_facts: int
    fact_weight: float
    seed: int

    @property
    def name(self) -> str:
        """A name that says what the cell is; unique in a ladder of one universe and objective."""
        weight = f"-a{self.fact_weight:g}" if objective_of(self.shape.objective).weighted else ""
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
    schedule: Schedule = field(default_factory=Schedule)

    @property
    def id(self) -> str:
        """Hash of everything that decides the numbers of these cells (20 hexadecimal digits)."""
        # "recipe": as it was first called; another word would be another id.
        content = {"version": VERSION, "cells": [asdict(c) for c in self.cells], "recipe": asdict(self.schedule)}
        return sha256_of_text(json.dumps(content, sort_keys=True))[:20]

    @property
    def shape(self) -> Shape:
        """The members' shape."""
        return self.cells[0].shape

    @property
    def facts_per_step(self) -> int:
        """Facts among the claims of a step of one member (1, a count)."""
        return objective_of(self.shape.objective).facts_per_step(self.schedule)

    @property
    def horizons(self) -> list[int]:
        """Steps after which training ends if its cells are finished, each double the last (1, counts)."""
        shown = round(self.schedule.exposures * self.cells[0].n_facts / self.facts_per_step)
        most = max(8, self.schedule.least_steps, shown)
        found = [most]
        while found[0] // 2 >= max(4, self.schedule.first * most - 1):
            found.insert(0, found[0] // 2)
        return found

    @property
    def work(self) -> int:
        """Floating-point operations of training to the last horizon, for progress: 6 per parameter and symbol."""
        reads = architecture_of(self.shape.architecture).reads(self.shape)
        return 6 * self.shape.parameters * reads * self.schedule.batch * len(self.cells) * self.steps

    @property
    def steps(self) -> int:
        """Steps to the last horizon, those of the decays before included."""
        return self.horizons[-1] + sum(h - round((1 - self.schedule.decay) * h) for h in self.horizons[:-1])


def ladder(
    architecture: str,
    objective: str,
    universe: Universe,
    parameters: Iterable[int],
    facts: Iterable[int],
    seeds: int,
    fact_weights: tuple[float, ...] = (0.5,),
    trade_off: tuple[float, ...] = (),
    per_fact: tuple[float, float] = (1.0, 6.0),
) -> list[Cell]:
    """Return the cells of a ladder, those with P / n outside `per_fact` left out; sorted by size, n, weight, seed.

    `trade_off`: further fact weights, for the middle size and the first seed only.
    Raises: ValueError where nothing is left, or a shape or n does not fit.
    """
    sizes = sorted(
        {shape_of(architecture, p, universe, objective) for p in parameters}, key=lambda s: s.parameters
    )
    counts = sorted(set(facts))
    cells = []
    for i, shape in enumerate(sizes):
        extra = trade_off if i == len(sizes) // 2 and objective_of(objective).weighted else ()
        for n in counts:
            if not per_fact[0] <= shape.parameters / n <= per_fact[1]:
                continue
            cells += [Cell(shape, n, a, seed) for a in fact_weights for seed in range(seeds)]
            cells += [Cell(shape, n, a, 0) for a in extra if a not in fact_weights]
    if not cells:
        raise ValueError(f"parameters and facts must meet P / n in {per_fact[0]:g}..{per_fact[1]:g}, got none")
    return cells


def stacks_of(cells: Iterable[Cell], schedule: Schedule) -> list[Stack]:
    """Group cells into stacks, the most work first, so that workers end at about the same time."""

    def key(cell: Cell) -> tuple[str, str, int, int]:
        return cell.shape.architecture, cell.shape.objective, cell.shape.parameters, cell.n_facts

    groups = [Stack(tuple(part), schedule) for _, part in groupby(sorted(cells, key=key), key=key)]
    return sorted(groups, key=lambda stack: -stack.work)
