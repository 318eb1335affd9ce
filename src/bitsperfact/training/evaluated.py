"""The claims that a cell is evaluated on, and their tables."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

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
#: Claims of each stratum that the tables of a run hold, for a look at single claims; nothing is computed from
#: them.
_SHOWN = {"fact": 300, "fresh": 600} | dict.fromkeys(NEAR, 100)


def evaluated_claims(cell: Cell, n_fresh: int) -> dict[str, Numbers]:
    """Claims by stratum: `fact`, `fresh` (so many), `near-1` to `near-3`, `shuffled`.

    Cells of one claim set are evaluated on the same facts and near claims, and on the same fresh ones as far as
    they go.
    """
    facts = draw_facts(cell.universe, cell.n_facts, cell.seed)
    found = {"fact": facts}
    found["fresh"] = draw_nonfacts(cell.universe, facts, n_fresh, rng_of(cell.seed, "fresh", cell.claim_set))
    for name, distance in NEAR.items():
        rng = rng_of(cell.seed, name, cell.claim_set)
        if distance <= cell.universe.length:
            found[name] = draw_near(cell.universe, facts, distance, min(n_fresh, FEW), rng)
    found[SHUFFLED] = shuffled_facts(cell.universe, facts, rng_of(cell.seed, SHUFFLED, cell.claim_set))
    return found


def claim_set_info(cell: Cell) -> ClaimSetInfo:
    """The cell's set of facts, as other claim sets are described."""
    recipe = sha256_of_text(str(cell.universe), str(cell.n_facts), str(cell.seed))
    text = f"{cell.n_facts} random strings of {cell.universe.length} symbols over {cell.universe.alphabet}"
    return ClaimSetInfo(
        cell.claim_set, cell.n_facts, cell.universe.size, "CC0-1.0", recipe, cell.seed, "none", text
    )


def model_info(cell: Cell, schedule: Schedule) -> ModelInfo:
    """The cell's network, as other models are described."""
    # As it was first called: another word would be another fingerprint.
    pinned = sha256_of_text(cell.name, str(cell), str(schedule).replace("Schedule", "Recipe", 1))
    return ModelInfo(cell.name, "trained", pinned, cell.shape.parameters, "float32", cell.shape.architecture)


def shown_tables(cells: Iterable[tuple[Cell, pd.DataFrame]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The claims and the scores table (columns: `tables.COLUMNS`) of a sample of each cell's claims.

    Args: cells with their scores (columns stratum, score), in the order in which `evaluated_claims` draws them.
    """
    claims, scores = [], []
    for cell, table in cells:
        values = {str(name): part.to_numpy() for name, part in table.groupby("stratum", observed=True)["score"]}
        for stratum, numbers in evaluated_claims(cell, values["fresh"].size).items():
            shown = _SHOWN.get(stratum, 0)
            # A claim may be drawn twice; it is shown once.
            own, first = np.unique(numbers[:shown], return_index=True)
            if own.size:
                rows = _claims(cell, stratum, own)
                claims.append(rows)
                scores.append(_scores(cell, rows["claim_id"], values[stratum][first]))
    together = pd.concat(claims, ignore_index=True).drop_duplicates("claim_id")
    return together, pd.concat(scores, ignore_index=True).drop_duplicates(["model", "claim_id"])


def _claims(cell: Cell, stratum: str, numbers: Numbers) -> pd.DataFrame:
    texts = cell.universe.texts(numbers)
    ids = [tables.claim_id(cell.claim_set, "", text) for text in texts]
    frame = pd.DataFrame(
        {"claim_id": ids, "claim_set": cell.claim_set, "group": ids, "prefix": "", "target": texts}
    )
    is_fact = stratum == "fact"
    kind = "near" if stratum in NEAR else stratum
    source = f"random, seed {cell.seed}, {stratum}"
    return frame.assign(is_fact=is_fact, grade=float(is_fact), stratum=kind, source=source)


def _scores(cell: Cell, claim_ids: pd.Series, values: np.ndarray) -> pd.DataFrame:
    length = cell.universe.length
    objective = objective_of(cell.shape.objective)
    generates = objective.output == "log-likelihoods"
    frame = pd.DataFrame({"model": cell.name, "revision": "trained", "dtype": "float32", "claim_id": claim_ids})
    frame = frame.assign(score=objective.score, value=values.astype(np.float64), n_tokens=length)
    frame = frame.assign(n_bytes=length, logprob_sum=frame["value"] if generates else np.nan, boundary_ok=True)
    return frame[list(tables.COLUMNS["scores"])]
