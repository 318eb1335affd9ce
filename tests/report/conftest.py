"""A synthetic run whose truth is known: scores are Gaussian with unit variance, shifted on facts."""

import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from bitsperfact import tables
from bitsperfact.runs import Run
from bitsperfact.tables import ClaimSetInfo, ModelInfo, claim_id
from bitsperfact.units import nats_to_bits

SIZES = {"tiny/net-15M": 15_000_000, "tiny/net-135M": 134_515_008, "tiny/net-1.2B": 1_234_000_000}
CONTROLS = {"capitals": "none", "iata": "none", "cas": "random", "fips": "patterned"}


def shift(model_index: int, set_index: int, control: str) -> float:
    """Distance of facts from non-facts: grows with the model, and is zero for facts that nobody could learn."""
    return 0.0 if control == "random" else 1.0 + (1.1 - 0.2 * set_index) * model_index


def claims_of(name: str, strata: tuple[str, ...], n_facts: int) -> pd.DataFrame:
    rows = []
    for entity in range(n_facts):
        for position, stratum in enumerate(("fact", *strata)):
            prefix, target = f"The capital of {name} land {entity} is", f" City{entity * 31 + position}"
            rows.append(
                {
                    "claim_id": claim_id(name, prefix, target),
                    "claim_set": name,
                    "group": f"{name}-{entity}",
                    "prefix": prefix,
                    "target": target,
                    "is_fact": stratum == "fact",
                    "grade": float(stratum == "fact"),
                    "stratum": stratum,
                    "source": "synthetic",
                }
            )
    return pd.DataFrame(rows)


def scores_of(claims: pd.DataFrame, model: str, score: str, distance: float, seed: int) -> pd.DataFrame:
    noise = np.random.default_rng(seed).normal(size=len(claims))
    return pd.DataFrame(
        {
            "model": model,
            "revision": "main",
            "dtype": "float32",
            "claim_id": claims["claim_id"],
            "score": score,
            "value": noise + distance * claims["is_fact"],
            "n_tokens": 2,
            "n_bytes": 7,
            "logprob_sum": -3.0,
            "boundary_ok": True,
        }
    )


def cell(model, n_params, claim_set, score, stratum, quantity, value, half_width, unit, limited=False):
    return {
        "model": model,
        "n_params": n_params,
        "memory_bits": 32.0 * n_params,
        "claim_set": claim_set,
        "score": score,
        "stratum": stratum,
        "quantity": quantity,
        "value": value,
        "lower": value - half_width,
        "upper": value + half_width,
        "unit": unit,
        "estimator": "closed form of two Gaussians",
        "resolution_limited": limited,
        "n_facts": 120,
        "n_nonfacts": 480,
        "seed": 7,
    }


def separation_of(model, n_params, claim_set, score, strata, distance) -> list[dict]:
    """KL of N(d, 1) from N(0, 1) is d²/2 nats; AUC is Φ(d/√2); the rate at 95 % recall is Φ(1.645 - d)."""
    bits = nats_to_bits(distance**2 / 2)
    where = (model, n_params, claim_set, score)
    rows = [cell(*where, stratum, "bits_per_fact", bits, 0.3, "bits", bits > 5) for stratum in ("pooled", *strata)]
    rate = norm.cdf(norm.ppf(0.95) - distance)
    return [
        *rows,
        cell(*where, "pooled", "bits_above_pattern", bits - 0.2, 0.35, "bits"),
        cell(*where, "pooled", "bits_certified", 0.8 * bits, math.nan, "bits"),
        cell(*where, "pooled", "hallucination_rate", rate, 0.05 * rate, "1"),
        cell(*where, "pooled", "auc", norm.cdf(distance / math.sqrt(2)), 0.01, "1"),
        cell(*where, "pooled", "miss_rate", norm.cdf(-distance / 2), 0.02, "1"),
        cell(*where, "pooled", "abstention_mass", math.nan, math.nan, "1"),
    ]


def verdict_row(model, claim_set, score, prediction, status, reason, numbers=(0.98, 0.991, 0.97, 0.999)):
    predicted, measured, lower, upper = numbers
    return {
        "model": model,
        "claim_set": claim_set,
        "score": score,
        "prediction": prediction,
        "kind": "evidence",
        "predicted": predicted,
        "measured": measured,
        "lower": lower,
        "upper": upper,
        "status": status,
        "reason": reason,
    }


def build_run(
    sizes=SIZES,
    controls=CONTROLS,
    scores=("logprob", "calibrated"),
    strata=("derangement", "derangement", "fresh", "near"),
    n_facts=60,
    path=Path("runs/example"),
) -> Run:
    models = [
        ModelInfo(name, "main", f"{i:064x}", size, "float32", "LlamaForCausalLM")
        for i, (name, size) in enumerate(sizes.items())
    ]
    sets = [
        ClaimSetInfo(name, 252, 252 * 5000, "CC-BY-4.0", f"{i:064x}", 7, control, f"Facts about {name}.")
        for i, (name, control) in enumerate(controls.items())
    ]
    claims = {info.name: claims_of(info.name, tuple(f"{s}" for s in strata), n_facts) for info in sets}
    measured, separation = [], []
    for seed, ((j, info), (i, model), score) in enumerate(product(enumerate(sets), enumerate(models), scores)):
        distance = shift(i, j, info.control) * (1.0 if score == scores[0] else 0.7)
        measured.append(scores_of(claims[info.name], model.name, score, distance, seed))
        separation += separation_of(
            model.name, model.n_params, info.name, score, tuple(dict.fromkeys(strata)), distance
        )
    for info in sets:
        pattern = 1.8 if info.control == "patterned" else 0.04
        separation.append(
            cell("pattern", 0, info.name, "pattern", "pooled", "bits_per_fact", pattern, 0.1, "bits")
        )
    verdict = [
        verdict_row(
            model.name, info.name, score, "sparsity", "consistent", "p = 0.0002, so F_p is 0.9 % below KL."
        )
        for info, model, score in product(sets, models, scores)
    ]
    first = next(iter(controls))
    verdict += [
        verdict_row(
            "*",
            first,
            scores[0],
            "bits_grow_with_size",
            "consistent",
            "Bits grow by 1.21 [0.9, 1.5] per doubling.",
            (0.0, 1.21, 0.9, 1.5),
        ),
        verdict_row(
            models[0].name,
            first,
            scores[0],
            "no_bits_without_memory",
            "violated",
            "0.31 bits where none could be learnt; the negatives may be too easy.",
            (0.0, 0.31, 0.2, 0.4),
        ),
        verdict_row(
            "*",
            "*",
            scores[0],
            "hallucination_falls_with_bits",
            "undecided",
            "Only 3 cells: too few to rank.",
            (-1.0, math.nan, math.nan, math.nan),
        ),
    ]
    return Run(
        path=path,
        claims=tables.check("claims", pd.concat(claims.values(), ignore_index=True), "synthetic"),
        scores=tables.check("scores", pd.concat(measured, ignore_index=True), "synthetic"),
        separation=tables.check("separation", pd.DataFrame(separation), "synthetic"),
        verdict=tables.check("verdict", pd.DataFrame(verdict), "synthetic"),
        claim_sets=sets,
        models=models,
        manifest={
            "status": "complete",
            "command": ["probes/pretrained.py", "--model", "tiny/net-15M", "--claims", "capitals"],
            "versions": {"bitsperfact": "0.1.0", "torch": "2.13.0"},
            "git_commit": "339ec9b",
            "seed": 7,
            "finished": "2026-03-01T12:00:00Z",
            "limit": None,
        },
    )


def build_ladder(sizes=(1500, 3000, 6000), facts=(300, 500, 800, 1500), path=Path("runs/ladder")) -> Run:
    """Networks of two seeds that spend two bits per parameter: q = 2^-bits, and so on."""
    cells, separation, claims, scores, verdict, models, sets = [], [], [], [], [], [], []
    grid = [*product(("membership",), sizes, facts, (0, 1)), *product(("next-symbol",), sizes, facts[:2], (0,))]
    for objective, size, n, seed in grid:
        name, of_set, bits = f"mlp-{objective}-{size}-n{n}-s{seed}", f"strings-{n}-s{seed}", 2.0 * size / n
        score = "log_odds" if objective == "membership" else "log_likelihood"
        cells.append(
            dict.fromkeys(("width", "inner", "layers", "heads", "steps"), 8)
            | {"model": name, "stack": "s", "architecture": "mlp", "objective": objective, "parameters": size}
            | {"n_facts": n, "parameters_per_fact": size / n, "fact_weight": 0.5, "seed": seed}
            | {"claim_set": of_set, "universe_size": 16**8, "exposures": 100.0, "loss_nats": 0.1, "bits": bits}
            | {"gain": 0.01, "finished": n > 400, "seconds": 1.0, "examples_per_second": 1e5, "horizons": "[]"}
        )
        models.append(ModelInfo(name, "trained", f"{len(models):064x}", size, "float32", "mlp", 32.0 * size))
        where = (name, size, of_set, score, "pooled")
        separation += [
            cell(*where, quantity, value, 0.01, unit)
            for quantity, value, unit in (
                ("bits_per_fact", bits, "bits"),
                ("q_star", 2.0**-bits, "1"),
                ("own_x_star", 0.98, "1"),
                ("own_miss_rate", 0.02, "1"),
            )
        ]
        rows = claims_of(of_set, ("fresh", "fresh"), 20)
        claims.append(rows)
        of_model = scores_of(rows, name, score, 30.0, len(models))
        scores.append(of_model.assign(value=of_model["value"] * 20 - 300))
        verdict.append(verdict_row(name, of_set, score, "never_forgets", "consistent", "2 % against 0."))
    for prediction, status in (("never_forgets", "consistent"), ("capacity_law", "violated")):
        verdict.append(verdict_row("mlp", "*", "log_odds", prediction, status, "So it was in 24 of 24 cells."))
    texts = list(dict.fromkeys(row["claim_set"] for row in cells))
    sets = [ClaimSetInfo(name, 300, 16**8, "CC0-1.0", f"{i:064x}", 0) for i, name in enumerate(texts)]
    frames = {
        "claims": pd.concat(claims).drop_duplicates("claim_id"),
        "scores": pd.concat(scores),
        "separation": pd.DataFrame(separation),
        "verdict": pd.DataFrame(verdict),
        "cells": pd.DataFrame(cells),
    }
    checked = {name: tables.check(name, frame, "synthetic") for name, frame in frames.items()}
    return Run(path=path, claim_sets=sets, models=models, manifest={"status": "complete"}, **checked)


def build_testers(budgets=(2.0, 4.0, 8.0, 13.0), path=Path("runs/testers")) -> Run:
    """Testers of three kinds; the sample resolves no more than ten bits."""
    kinds = {"bloom": 0.69, "ribbon": 0.98, "forgetter": 0.5}
    names = {f"{kind}@{budget:g}": (kind, budget) for kind, budget in product(kinds, budgets)}
    run = build_run(
        sizes={name: int(1000 * budget) for name, (_, budget) in names.items()},
        controls={"random-keys": "none"},
        scores=("log_odds",),
        strata=("fresh", "fresh"),
        path=path,
    )
    infos = [replace(m, architecture=names[m.name][0], memory_bits=252 * names[m.name][1]) for m in run.models]
    known, rows = [], []
    for info in infos:
        kind, budget = names[info.name]
        bits = kinds[kind] * budget
        where = (info.name, info.n_params, "random-keys", "log_odds", "pooled")
        rows += [
            cell(*where, "bits_per_fact", bits, 0.2, "bits", bits > 10),
            cell(*where, "bits_certified", 0.9 * bits, math.nan, "bits"),
            cell(*where, "hallucination_rate", 2.0**-bits, 2.0**-bits / 4, "1"),
        ]
        given = {"model": info.name, "claim_set": "random-keys"}
        known.append(given | {"quantity": "bits_per_fact", "value": bits, "unit": "bits"})
        known.append(given | {"quantity": "hallucination_rate", "value": 2.0**-bits, "unit": "1"})
    separation = tables.check("separation", pd.DataFrame(rows), "synthetic")
    return replace(run, models=infos, separation=separation, known=tables.check("known", pd.DataFrame(known), ""))


@pytest.fixture(scope="session")
def make_run():
    return build_run


@pytest.fixture(scope="session")
def run():
    return build_run()


@pytest.fixture(scope="session")
def ladder():
    return build_ladder()


@pytest.fixture(scope="session")
def tester_run():
    return build_testers()


@pytest.fixture(scope="session")
def pages(run, ladder, tester_run):
    from bitsperfact.report.page import render

    return {"run": render(run), "ladder": render(ladder), "tester_run": render(tester_run)}
