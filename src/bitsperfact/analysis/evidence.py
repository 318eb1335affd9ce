"""What the verdicts may look at: the separation table, and what is known of claim sets and models beforehand."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from bitsperfact import tables
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.errors import BadInput
from bitsperfact.tables import BEST_SCORE, PATTERN_MODEL, POOLED, ClaimSetInfo, Kind, ModelInfo, Status

#: Columns of the separation table that verdicts read: whose number it is, then the number.
_READ = [
    *("model", "claim_set", "score", "quantity"),
    *("value", "lower", "upper", "unit", "resolution_limited", "n_facts", "n_nonfacts"),
]


@dataclass(frozen=True)
class Measured:
    """One number with its interval, in its unit, and how many facts and non-facts it was measured on."""

    value: float
    lower: float
    upper: float
    unit: str
    resolution_limited: bool
    n_facts: float = math.inf
    n_nonfacts: float = math.inf

    @property
    def known(self) -> bool:
        """Whether there is a value to judge; its ends may be infinite."""
        return math.isfinite(self.value) and not (math.isnan(self.lower) or math.isnan(self.upper))

    def __str__(self) -> str:
        if not self.known:
            return "an unknown number of bits" if self.unit == "bits" else "an unknown number"
        unit = "" if self.unit == "1" else f" {self.unit}"
        if self.resolution_limited and self.unit == "bits":
            return f"≥ {figure(self.lower)} bits (near {figure(self.value)})"
        return f"{figure(self.value)}{unit} ({figure(self.lower)} to {figure(self.upper)})"


#: What is said of a number that the separation table lacks.
UNKNOWN = Measured(math.nan, math.nan, math.nan, "1", resolution_limited=False)


def figure(number: float) -> str:
    """Write two decimals for numbers of ordinary size, three significant digits for the rest; NaN is "unknown"."""
    if not math.isfinite(number):
        return "unknown" if math.isnan(number) else "∞" if number > 0 else "-∞"
    return f"{number:.2f}" if 0.1 <= abs(number) < 100 else f"{number:.3g}"


@dataclass(frozen=True)
class Verdict:
    """One row of the verdict table; NaN where a number does not apply.

    `lower`, `upper`: the ends that the status was judged by, at the error that the row may make (`sharing`).
    """

    model: str
    claim_set: str
    score: str
    prediction: str
    predicted: float
    measured: float
    lower: float
    upper: float
    status: Status
    reason: str
    kind: Kind = "evidence"


@dataclass(frozen=True)
class Key:
    """A model's scores on a claim set by one score."""

    model: str
    claim_set: str
    score: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """The separation table of a run beside its claim sets and models, by name.

    `cells`: what networks were trained on (`tables.COLUMNS`), None in runs that train none. `known`: quantities
    that models have by construction. Verdicts read the rows of stratum `pooled`: the theory's non-facts are
    whatever the universe holds.
    """

    separation: pd.DataFrame
    claim_sets: Mapping[str, ClaimSetInfo]
    models: Mapping[str, ModelInfo]
    cells: pd.DataFrame | None = None
    known: pd.DataFrame | None = None

    @cached_property
    def _rows(self) -> dict[tuple[Key, str], Measured]:
        pooled = self.separation[self.separation["stratum"] == POOLED]
        return {
            (Key(model, claim_set, score), quantity): Measured(*numbers)
            for model, claim_set, score, quantity, *numbers in pooled[_READ].itertuples(index=False, name=None)
        }

    @cached_property
    def grown(self) -> "Evidence":
        """The same without networks that the run trained, and without models that are known by construction.

        Those are judged by what they were made to be; what holds of models at large is asked of the others.
        """
        made = {str(name) for of in (self.cells, self.known) if of is not None for name in of["model"]}
        kept = self.separation[~self.separation["model"].isin(made)]
        return self if len(kept) == len(self.separation) else replace(self, separation=kept)

    def scored(self, quantity: str | None = "bits_per_fact") -> Iterator[Key]:
        """Yield every model x claim set x score of which `quantity`, or anything, was measured, sorted.

        Neither the pattern baseline nor `BEST_SCORE`, which is no score of its own, nor accuracies alone.
        """
        measured = (key for key, name in self._rows if quantity in (name, None))
        found = {key for key in measured if key.model != PATTERN_MODEL and key.score != BEST_SCORE}
        yield from sorted(found, key=lambda key: (key.claim_set, key.model, key.score))

    def scored_text(self) -> Iterator[Key]:
        """Yield the key of every claim set whose text alone was measured."""
        yield from (key for key, name in self._rows if key.model == PATTERN_MODEL and name == "bits_per_fact")

    def ordinary(self) -> list[Key]:
        """Return the keys of sets that are no control and of models that have a memory.

        Shapes, sizes and trade-offs are judged on them.
        """
        return [key for key in self.whole() if self.claim_sets[key.claim_set].control == "none"]

    def whole(self) -> list[Key]:
        """Return the keys of which all is to be measured: not bare networks, nor controls of a set."""
        return [
            key
            for key in self.scored()
            if not self.claim_sets[key.claim_set].base and self.models[key.model].memory_bits != 0
        ]

    def number(self, key: Key, quantity: str) -> Measured:
        """Return one number; raise BadInput where the separation table lacks it."""
        try:
            return self._rows[key, quantity]
        except KeyError:
            raise BadInput(
                f"separation, model {key.model}, claim set {key.claim_set}, score {key.score}",
                f"quantity {quantity} of stratum {POOLED}",
                "no such row",
            ) from None

    def maybe(self, key: Key, quantity: str) -> Measured:
        """Return a number that not every key has; all NaN where it was not measured, which decides nothing."""
        return self._rows.get((key, quantity), UNKNOWN)

    def rng(self, *names: str) -> np.random.Generator:
        """Return a generator of random numbers that depends on the separation's seed and these names only."""
        seed = int(self.separation["seed"].iloc[0])
        return np.random.default_rng(derived_seed(seed, *names))


def gather(
    separation: pd.DataFrame,
    claim_sets: list[ClaimSetInfo],
    models: list[ModelInfo],
    cells: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
) -> Evidence:
    """Return what verdicts rest on, checked; see `Evidence`.

    Separation tables of several runs may be given one after the other: rows that are equal, such as those of a
    text's baseline, count once. Raises BadInput where the separation table is empty, or a table names an unknown
    model or claim set.
    """
    checked = tables.check("separation", separation.drop_duplicates(), "separation")
    if checked.empty:
        raise BadInput("separation", "at least one row", "none")
    found = Evidence(
        checked, {info.name: info for info in claim_sets}, {info.name: info for info in models}, cells, known
    )
    for table, frame in (("separation", checked), ("cells", cells), ("known", known)):
        if frame is None:
            continue
        for name in sorted(set(frame["claim_set"]) - set(found.claim_sets)):
            raise BadInput(table, f"one of the claim sets {', '.join(found.claim_sets)}", repr(name))
        for name in sorted(set(frame["model"]) - set(found.models) - {PATTERN_MODEL}):
            raise BadInput(table, f"one of the models {', '.join(found.models)}", repr(name))
    return found
