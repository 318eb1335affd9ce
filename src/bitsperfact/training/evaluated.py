"""The claims that cells are evaluated on, and what they said, as tables of claims and scores."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.files import sha256_of_text
from bitsperfact.tables import ClaimSetInfo, ModelInfo
from bitsperfact.training.cells import Cell
from bitsperfact.training.facts import Numbers, draw_facts, draw_near, draw_nonfacts, rng_of, shuffled_facts
from bitsperfact.training.objectives import objective_of
from bitsperfact.training.schedule import Schedule

#: Strata of non-facts at a given number of symbols from a fact.
NEAR = {f"near-{distance}": distance for distance in (1, 2, 3)}
#: Facts whose symbols were dealt anew among them.
SHUFFLED = "shuffled"
#: Non-facts of every stratum but `fresh`, and of that at least.
FEW = 20_000
#: Strata of scores of a network before training: facts, and the first fresh non-facts.
UNTRAINED, UNTRAINED_FRESH = "untrained-fact", "untrained-fresh"


def evaluated_claims(cell: Cell, n_fresh: int) -> dict[str, Numbers]:
    """Return claims by stratum: `fact`, `fresh` (so many), `near-1` to `near-3`, `shuffled`.

    Cells of one claim set are evaluated on the same facts and near claims, and on the same fresh ones as far as
    they go.
    """
    facts = draw_facts(cell.universe, cell.n_facts, cell.seed)
    found = {"fact": facts}
    found["fresh"] = draw_nonfacts(cell.universe, facts, n_fresh, rng_of(cell.seed, "fresh", cell.claim_set))
    for name, distance in NEAR.items():
        rng = rng_of(cell.seed, name, cell.claim_set)
        if distance <= cell.universe.length:
            found[name] = draw_near(cell.universe, facts, distance, min(n_fresh, FEW), rng)[0]
    found[SHUFFLED] = shuffled_facts(cell.universe, facts, rng_of(cell.seed, SHUFFLED, cell.claim_set))
    return found


def claim_sets(cells: Sequence[Cell]) -> list[ClaimSetInfo]:
    """Return the claim sets of cells as others are described: the facts of each n and seed, and controls.

    Beside the facts stand fresh non-facts; in sets of control `near` non-facts so many symbols from a fact; in
    those of control `shuffled` the facts are what `shuffled_facts` gives.
    """
    found = []
    for cell in {cell.claim_set: cell for cell in cells}.values():
        recipe = sha256_of_text(str(cell.universe), str(cell.n_facts), str(cell.seed))
        text = f"{cell.n_facts} random strings of {cell.universe.length} symbols over {cell.universe.alphabet}"
        name, about = cell.claim_set, (cell.n_facts, cell.universe.size, "CC0-1.0", recipe, cell.seed)
        found.append(ClaimSetInfo(name, *about, "none", text))
        for stratum, distance in NEAR.items():
            if distance <= cell.universe.length:
                beside = f"{text}; non-facts {distance} symbols from one of them"
                found.append(
                    ClaimSetInfo(f"{name}-{stratum}", *about, "near", beside, base=name, distance=distance)
                )
        dealt = f"{text}, their symbols dealt anew"
        found.append(ClaimSetInfo(f"{name}-{SHUFFLED}", *about, "shuffled", dealt, base=name))
    return found


def models_of(cells: Sequence[Cell], schedule: Schedule) -> list[ModelInfo]:
    """Return the cells' networks, as other models are described; each a second time, before training."""
    found = []
    for cell in cells:
        # As it was first called: another word would be another fingerprint.
        pinned = sha256_of_text(cell.name, str(cell), str(schedule).replace("Schedule", "Recipe", 1))
        size = cell.shape.parameters
        info = ModelInfo(cell.name, "trained", pinned, size, "float32", cell.shape.architecture, 32.0 * size)
        found += [info, replace(info, name=untrained(cell), revision="untrained", memory_bits=0.0)]
    return found


def untrained(cell: Cell) -> str:
    """Return the name of a cell's network before training."""
    return f"{cell.name}-untrained"


@dataclass(frozen=True)
class LadderTables:
    """All claims and scores of a ladder, in parts of one claim set or of one network's scores on one.

    `scores`: by cell, what was measured (columns stratum, score), in the order of `evaluated_claims`.
    """

    cells: Sequence[Cell]
    scores: Callable[[Cell], pd.DataFrame]

    def claims(self) -> Iterator[pd.DataFrame]:
        """Yield the claims table of each set: facts first, then all non-facts that any cell was asked of."""
        for cells in self._by_set():
            drawn = [evaluated_claims(cell, self._n_fresh(cell)) for cell in cells]
            facts, fresh = drawn[0]["fact"], np.unique(np.concatenate([each["fresh"] for each in drawn]))
            name = cells[0].claim_set
            yield _claims(cells[0], name, facts, fresh)
            for stratum, distance in NEAR.items():
                if stratum in drawn[0]:
                    near, of = _near_with_facts(cells[0], stratum, distance, drawn[0]["fresh"].size)
                    yield _claims(cells[0], f"{name}-{stratum}", facts, near, of)
            shuffled = drawn[0][SHUFFLED]
            if shuffled.size:
                few = np.unique(np.concatenate([each["fresh"][:FEW] for each in drawn]))
                yield _claims(cells[0], f"{name}-{SHUFFLED}", shuffled, np.setdiff1d(few, shuffled))

    def rows(self) -> Iterator[pd.DataFrame]:
        """Yield the scores tables of each cell: on its facts, on their controls, and before training."""
        for cells in self._by_set():
            ids = _ClaimIds()
            for cell in cells:
                table = self.scores(cell)
                values = {
                    str(name): part.to_numpy() for name, part in table.groupby("stratum", observed=True)["score"]
                }
                drawn = evaluated_claims(cell, values["fresh"].size)
                for model, claim_set, strata in _of_cell(cell):
                    if all(stratum in values for stratum, _ in strata):
                        numbers, scores = _together(drawn, values, strata)
                        yield _scores(cell, model, ids.of(cell, claim_set, numbers), scores)

    def _by_set(self) -> list[list[Cell]]:
        names = sorted({cell.claim_set for cell in self.cells})
        return [[cell for cell in self.cells if cell.claim_set == name] for name in names]

    def _n_fresh(self, cell: Cell) -> int:
        return int((self.scores(cell)["stratum"] == "fresh").sum())


def _of_cell(cell: Cell) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Model, claim set, and which strata of scores are of which claims."""
    name = cell.claim_set
    samples = [(cell.name, name, [("fact", "fact"), ("fresh", "fresh")])]
    samples += [(cell.name, f"{name}-{stratum}", [("fact", "fact"), (stratum, stratum)]) for stratum in NEAR]
    samples.append((cell.name, f"{name}-{SHUFFLED}", [(SHUFFLED, SHUFFLED), ("fresh", "few")]))
    samples.append((untrained(cell), name, [(UNTRAINED, "fact"), (UNTRAINED_FRESH, "few")]))
    return samples


def _together(
    drawn: dict[str, Numbers], values: dict[str, np.ndarray], strata: list[tuple[str, str]]
) -> tuple[Numbers, np.ndarray]:
    """Claims and scores of several strata together, each claim once, however often it was drawn."""
    numbers, scores = [], []
    for stratum, of in strata:
        own = drawn["fresh"][:FEW] if of == "few" else drawn[of]
        numbers.append(own)
        scores.append(values[stratum][: own.size])
    claims, first = np.unique(np.concatenate(numbers), return_index=True)
    return claims, np.concatenate(scores)[first]


def _near_with_facts(cell: Cell, stratum: str, distance: int, n_fresh: int) -> tuple[Numbers, Numbers]:
    """Claims near a fact, each once, and the facts that they were drawn near to."""
    facts = draw_facts(cell.universe, cell.n_facts, cell.seed)
    rng = rng_of(cell.seed, stratum, cell.claim_set)
    near, of = draw_near(cell.universe, facts, distance, min(n_fresh, FEW), rng)
    claims, first = np.unique(near, return_index=True)
    return claims, of[first]


def _claims(cell: Cell, name: str, facts: Numbers, nonfacts: Numbers, near: Numbers | None = None) -> pd.DataFrame:
    """Return the claims table of one set; claims `near` a fact are of its entity, others of their own."""
    numbers = np.concatenate([facts, nonfacts])
    texts = cell.universe.texts(numbers)
    ids = [tables.claim_id(name, "", text) for text in texts]
    groups = ids
    if near is not None:
        groups = ids[: facts.size] + [tables.claim_id(name, "", text) for text in cell.universe.texts(near)]
    is_fact = np.arange(numbers.size) < facts.size
    stratum = np.where(is_fact, "fact", "fresh" if near is None else "near")
    frame = pd.DataFrame({"claim_id": ids, "claim_set": name, "group": groups, "prefix": "", "target": texts})
    source = f"random, seed {cell.seed}"
    return frame.assign(is_fact=is_fact, grade=is_fact.astype(np.float64), stratum=stratum, source=source)


class _ClaimIds:
    """Ids of claims by their numbers, each hashed once for all networks that were asked of it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Numbers, NDArray[np.object_]]] = {}

    def of(self, cell: Cell, claim_set: str, numbers: Numbers) -> NDArray[np.object_]:
        known, ids = self._known.get(claim_set, (np.empty(0, np.int64), np.empty(0, np.object_)))
        if (new := np.setdiff1d(numbers, known)).size:
            texts = cell.universe.texts(new)
            ids = np.concatenate([ids, np.array([tables.claim_id(claim_set, "", text) for text in texts], object)])
            known = np.concatenate([known, new])
            order = np.argsort(known)
            self._known[claim_set] = known, ids = known[order], ids[order]
        return ids[np.searchsorted(known, numbers)]


def _scores(cell: Cell, model: str, ids: NDArray[np.object_], values: np.ndarray) -> pd.DataFrame:
    length, objective = cell.universe.length, objective_of(cell.shape.objective)
    generates = objective.output == "log-likelihoods"
    revision = "trained" if model == cell.name else "untrained"
    frame = pd.DataFrame({"model": model, "revision": revision, "dtype": "float32", "claim_id": ids})
    frame = frame.assign(score=objective.score, value=values.astype(np.float64), n_tokens=length)
    frame = frame.assign(n_bytes=length, logprob_sum=frame["value"] if generates else np.nan, boundary_ok=True)
    return frame[list(tables.COLUMNS["scores"])]
