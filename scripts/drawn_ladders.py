"""Ladders of known truth, drawn and not trained: their cells, and what was measured of them."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.analysis import separate
from bitsperfact.analysis.evidence import Evidence
from bitsperfact.tables import ClaimSetInfo, ModelInfo
from bitsperfact.theory import budget_optimum

Array = NDArray[np.float64]
SIZES, LOADS = (2000, 3200, 5000, 8000, 12600), (1.25, 2.0, 3.2, 5.0)
#: Standard deviation of ln c between networks of one kind; seen in docs/ladder-results.md: .04 to .07.
NOISE = 0.05


def cells_of(sizes: tuple[int, ...], loads: tuple[float, ...], seeds: int, **more: object) -> pd.DataFrame:
    """A table of cells, all finished."""
    keys = [(size, load, seed) for size in sizes for load in loads for seed in range(seeds)]
    table = pd.DataFrame(keys, columns=["parameters", "parameters_per_fact", "seed"])
    table["n_facts"] = (table["parameters"] / table["parameters_per_fact"]).round().astype(int)
    table["model"] = [f"mlp-{i}" for i in range(len(table))]
    given = {"architecture": "mlp", "objective": "membership", "fact_weight": 0.5, "finished": True, "gain": 0.03}
    return table.assign(**{**given, "claim_set": table["model"], "bits": 0.0, **more})


def rows_of(
    cells: pd.DataFrame, quantity: str, numbers: tuple[Array, Array, Array], unit: str = "bits"
) -> pd.DataFrame:
    """Rows of the separation table."""
    given = dict.fromkeys(tables.COLUMNS["separation"], 0) | {"model": cells["model"], "quantity": quantity}
    given |= {"claim_set": cells["claim_set"], "score": "log_odds"}
    given |= dict(zip(("value", "lower", "upper"), numbers, strict=True)) | {
        "unit": unit,
        "stratum": tables.POOLED,
    }
    return pd.DataFrame(given | {"resolution_limited": False, "n_facts": 1000, "n_nonfacts": 2**18})


Constant = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class LawTruth:
    """A ladder whose cells have bits = c(P, P/n) P/n + offset; `false` names the predictions that it breaks."""

    name: str
    c: Constant
    false: tuple[str, ...] = ()
    offset: float = 0.0
    unfinished: int = 0
    undecidable: bool = False
    sizes: tuple[int, ...] = SIZES
    loads: tuple[float, ...] = LOADS
    seeds: int = 2
    noise: float = NOISE


def _same(_size: Array, load: Array) -> Array:
    return 2.5 + 0 * load


def _shrinking(size: Array, _load: Array) -> Array:
    return 2.7 * (2.2 / 2.7) ** (np.log2(size / 2000) / np.log2(6.3))


def _drifting(size: Array, _load: Array) -> Array:
    return 2.6 * 0.91 ** (np.log2(size / 2000) / np.log2(6.3))


def _halving(size: Array, _load: Array) -> Array:
    return np.where(size > 5000, 2.0, 2.6)


def _diminishing(_size: Array, load: Array) -> Array:
    return 3.0 * (load / 1.25) ** -0.25


LAWS = (
    LawTruth("one constant", _same),
    LawTruth("one constant, 1 of 40 cells unfinished at half the bits", _same, unfinished=1),
    LawTruth("one constant, half of the cells unfinished at half the bits", _same, unfinished=20),
    LawTruth("c falls by 9 % with size, a tenth is allowed", _drifting),
    LawTruth("c falls from 2.7 to 2.2 with size", _shrinking, ("one_constant", "capacity_law")),
    LawTruth("the same, 1 of 40 cells unfinished", _shrinking, ("one_constant", "capacity_law"), unfinished=1),
    LawTruth("c falls from 2.6 to 2.0 beyond P = 5,000", _halving, ("capacity_law", "one_constant")),
    LawTruth("c falls by 29 % over loads", _diminishing, ("capacity_law", "one_constant", "zero_intercept")),
    LawTruth("1.5 bits at P/n = 0", _same, ("zero_intercept", "one_constant", "capacity_law"), offset=1.5),
    LawTruth("one constant, 4 cells", _same, undecidable=True, sizes=(2000, 5000), loads=(1.25, 5.0), seeds=1),
    LawTruth("one constant, noise of 15 %", _same, undecidable=True, seeds=1, noise=0.15),
)


def law_ladder(truth: LawTruth, rng: np.random.Generator) -> Evidence:
    """A ladder of one kind, its bits as three measures that agree."""
    cells = cells_of(truth.sizes, truth.loads, truth.seeds)
    size, load = (cells[name].to_numpy(dtype=np.float64) for name in ("parameters", "parameters_per_fact"))
    bits = (truth.c(size, load) * load + truth.offset) * np.exp(truth.noise * rng.standard_normal(len(cells)))
    short = rng.permutation(len(cells))[: truth.unfinished]
    bits[short] /= 2
    cells["finished"] = ~np.isin(np.arange(len(cells)), short)
    parts = [rows_of(cells, name, (bits,) * 3) for name in ("bits_per_fact", "own_bits")]
    q = rng.binomial(2**18, np.exp2(-bits)) / 2**18
    return evidence_of(
        cells, pd.concat([*parts, rows_of(cells, "q_star", (q,) * 3, "1")]), int(rng.integers(2**31))
    )


def generative_ladder(plateau: float, finished: bool, rng: np.random.Generator) -> Evidence:
    """Networks of four sizes trained on next symbols, memorising so many bits per parameter."""
    cells = cells_of(SIZES[:4], (1.25,), 2, objective="next-symbol", finished=finished)
    cells["bits"] = plateau * cells["parameters_per_fact"] * np.exp(0.03 * rng.standard_normal(len(cells)))
    return evidence_of(cells, rows_of(cells, "bits_per_fact", (cells["bits"].to_numpy(),) * 3), 0)


def edge_ladder(n_cells: int, rng: np.random.Generator) -> Evidence:
    """Cells on the edge of what is allowed, with normal intervals of which one in twenty misses."""
    cells = cells_of((2000,), tuple(np.linspace(1.25, 5, n_cells)), 1)
    seen = -0.5 + 0.1 * rng.standard_normal(n_cells)
    return evidence_of(cells, rows_of(cells, "own_odds", (seen, seen - 0.196, seen + 0.196)), 0)


@dataclass(frozen=True)
class ScoreTruth:
    """A ladder of networks whose scores are the channel's but for what is named; `false`: predictions it breaks.

    `forgotten`, `unsure`: shares of facts that score like non-facts, and of claims at 1/2. `added`: nats added to
    every score. `near`: factor of q one symbol from a fact. `leak`: shift of the controls' facts in standard
    deviations. `weight`: factor of q at a = .1. `smooth`: two normal laws in place of the channel. `facts`: how
    many; `unfinished`: a fifth cell, of garbage.
    """

    name: str
    false: tuple[str, ...] = ()
    forgotten: float = 0.0
    unsure: float = 0.0
    added: float = 0.0
    near: float = 1.0
    leak: float = 0.0
    weight: float = 1.0
    smooth: bool = False
    facts: int = 1000
    unfinished: bool = False


SCORES = (
    ScoreTruth("the channel"),
    ScoreTruth("the channel, and an unfinished network of no bits", unfinished=True),
    ScoreTruth(
        "near misses 4 times as often, controls .07 bits apart, q three times as large at a = .1",
        ("no_near_misses", "no_bits_without_storing", "no_bits_without_memory", "same_at_every_weight"),
        near=4.0,
        leak=0.3,
        weight=3.0,
    ),
    ScoreTruth("8 % of the facts forgotten", ("never_forgets", "network_shape"), forgotten=0.08),
    ScoreTruth("8 % of the claims at 1/2", ("never_abstains", "network_shape"), unsure=0.08),
    ScoreTruth("6 nats added to every score", ("free_relation", "best_strategy"), added=6.0),
    ScoreTruth("two normal laws", ("network_shape",), smooth=True),
    ScoreTruth("the channel, 30 facts and 300 non-facts", ("*",), facts=30),
)
#: Predictions that are neither true nor false in a kind of ladder: left out of its rows.
BESIDE = {
    "near misses 4 times as often, controls .07 bits apart, q three times as large at a = .1": ("free_relation",),
    "the channel, 30 facts and 300 non-facts": ("network_shape",),
    "8 % of the facts forgotten": ("never_abstains", "free_relation", "best_strategy", "same_at_every_weight"),
    "8 % of the claims at 1/2": (
        "never_forgets",
        "free_relation",
        "best_strategy",
        "no_near_misses",
        "same_at_every_weight",
    ),
    "two normal laws": (
        "never_forgets",
        "never_abstains",
        "free_relation",
        "best_strategy",
        "same_at_every_weight",
    ),
}


def drawn_scores(truth: ScoreTruth, bits: float, weight: float, rng: np.random.Generator) -> pd.DataFrame:
    """Scores by stratum (columns stratum, score) of a network of so many bits."""
    n, many = truth.facts, 10 * truth.facts
    best = budget_optimum(bits, weight)
    q = min(1.0, float(best.q) * (truth.weight if weight != 0.5 else 1.0))
    x = float(np.log(best.x_star / (1 - best.x_star)))

    def claims(count: int, passing: float) -> Array:
        score = np.where(rng.random(count) < passing, x, -8.0) + 0.3 * rng.standard_normal(count)
        return np.where(rng.random(count) < truth.unsure, 0.2 * rng.standard_normal(count), score) + truth.added

    parts = {
        "fact": claims(n, 1 - truth.forgotten),
        "fresh": claims(many, q),
        "near-1": claims(many, truth.near * q),
    }
    if truth.smooth:
        apart = np.sqrt(2 * bits * np.log(2))
        parts = {name: rng.standard_normal(part.size) + apart * (name == "fact") for name, part in parts.items()}
    for of_facts, of_fresh in (("shuffled", None), ("untrained-fact", "untrained-fresh")):
        if of_fresh is None:
            low = rng.permutation(parts["fresh"])[:n]
            parts[of_facts] = low + truth.leak * parts["fresh"].std()
        else:
            parts |= {of_facts: rng.standard_normal(n) + truth.leak, of_fresh: rng.standard_normal(many)}
    return pd.concat([pd.DataFrame({"stratum": k, "score": part}) for k, part in parts.items()], ignore_index=True)


def score_ladder(truth: ScoreTruth, rng: np.random.Generator) -> Evidence:
    """Three networks at a = 1/2, one of them again at a = .1, measured as a probe does."""
    cells = cells_of((2000,), (1.0, 1.5, 2.0, 1.5), 1)
    cells.loc[3, ["fact_weight", "n_facts"]] = [0.1, cells.loc[1, "n_facts"]]
    drawn = [
        (2.0 * load, weight)
        for load, weight in zip(cells["parameters_per_fact"], cells["fact_weight"], strict=True)
    ]
    tables_of = [drawn_scores(truth, bits, weight, rng) for bits, weight in drawn]
    if truth.unfinished:
        cells = pd.concat(
            [cells, cells.iloc[:1].assign(model="garbage", claim_set="garbage", finished=False)], ignore_index=True
        )
        tables_of.append(drawn_scores(replace(truth, forgotten=0.5, unsure=0.3, added=3.0), 1.0, 0.5, rng))
    parts = [_as_tables(cell, scores) for cell, scores in zip(cells.to_dict("records"), tables_of, strict=True)]
    claims, scores = (pd.concat(each, ignore_index=True) for each in zip(*parts, strict=True))
    sets, models = _about(cells)
    sets = [info for info in sets if info.name in set(claims["claim_set"])]
    separation = separate(claims, scores, sets, models, int(rng.integers(2**31)), 20, cells=cells)
    return evidence_of(cells, separation, 0)


def evidence_of(cells: pd.DataFrame, separation: pd.DataFrame, seed: int) -> Evidence:
    """What verdicts on a ladder rest on."""
    sets, models = _about(cells)
    names = {info.name: info for info in sets}, {info.name: info for info in models}
    return Evidence(separation.assign(seed=seed), *names, cells)


def _about(cells: pd.DataFrame) -> tuple[list[ClaimSetInfo], list[ModelInfo]]:
    """Claim sets and their controls, networks and what they were before training."""
    sets, models = [], []
    for cell in cells.itertuples():
        name, size = str(cell.claim_set), int(str(cell.parameters))
        about = int(str(cell.n_facts)), 16**8, "CC0-1.0", "0" * 64, 0
        sets += [
            ClaimSetInfo(name, *about),
            ClaimSetInfo(f"{name}-near-1", *about, "near", base=name, distance=1),
            ClaimSetInfo(f"{name}-shuffled", *about, "shuffled", base=name),
        ]
        info = ModelInfo(str(cell.model), "drawn", "0" * 64, size, "float32", "mlp", 32.0 * size)
        models += [info, replace(info, name=f"{cell.model}-untrained", memory_bits=0.0)]
    return sets, models


def _as_tables(cell: Mapping[Hashable, Any], drawn: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Claims and scores of one network, on its own facts and on their controls."""
    values = {str(name): part.to_numpy() for name, part in drawn.groupby("stratum")["score"]}
    name, model = cell["claim_set"], cell["model"]
    few = values["fresh"][: values["untrained-fresh"].size]
    asked = [
        (model, name, "fresh", (values["fact"], values["fresh"])),
        (model, f"{name}-near-1", "near", (values["fact"], values["near-1"])),
        (model, f"{name}-shuffled", "fresh", (values["shuffled"], few)),
        (f"{model}-untrained", name, "fresh", (values["untrained-fact"], values["untrained-fresh"])),
    ]
    claims, scores = [], []
    for of, claim_set, stratum, parts in asked:
        is_fact = np.arange(parts[0].size + parts[1].size) < parts[0].size
        ids = [f"{claim_set}-{i}" for i in range(is_fact.size)]
        groups = [ids[i % parts[0].size] for i in range(is_fact.size)] if stratum == "near" else ids
        frame = pd.DataFrame(
            {"claim_id": ids, "claim_set": claim_set, "group": groups, "prefix": "", "target": ids}
        )
        strata = np.where(is_fact, "fact", stratum)
        claims.append(frame.assign(is_fact=is_fact, grade=is_fact * 1.0, stratum=strata, source="drawn"))
        scores.append(
            pd.DataFrame({"model": of, "claim_id": ids, "score": "log_odds", "value": np.concatenate(parts)})
        )
    return pd.concat(claims).drop_duplicates("claim_id"), pd.concat(scores)
