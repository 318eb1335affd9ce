"""How often are the verdicts on ladders and testers wrong? Whole ladders of known truth, drawn and not trained.

In each kind of ladder below, predictions are true, false by a stated effect, or undecidable by construction. A row
of the table says how often a run violated a prediction in any of its verdicts (cells, measures and weights
included: what --strict sees), and which share of those on the architecture were consistent. False alarms are to be
at most 5 % of runs, power at least 80 %. Laws are drawn as tables (a cell's bits with 5 % of noise); what rests on
scores as scores of networks of 1,000 facts and 10,000 non-facts each, three at a = 1/2, through `separate`.

    python scripts/check_ladder_verdicts.py --laws 60 --scores 6 --testers 2 --out docs/ladder-verdicts.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from tqdm import tqdm

from bitsperfact import console
from bitsperfact.analysis.evidence import Evidence
from bitsperfact.analysis.measure import Sample, basics
from bitsperfact.analysis.predictions import ROOM, Prediction, found_predictions
from bitsperfact.files import write_text
from bitsperfact.tables import ClaimSetInfo, ModelInfo
from bitsperfact.theory import two_sided_filter_bits
from drawn_ladders import BESIDE, LAWS, SCORES, edge_ladder, generative_ladder, law_ladder, score_ladder

app = typer.Typer(**console.app_settings)

CAPACITY, ONE, ORIGIN, FREE, GENERATIVE = (
    ROOM.find(name)
    for name in ("capacity_law", "one_constant", "zero_intercept", "free_relation", "generative_capacity")
)
#: Networks before training are judged by a check of all models.
JUDGED = [each for each in found_predictions() if each.scope == "cells" or each.name == "no_bits_without_memory"]


@dataclass(frozen=True)
class Tried:
    """A prediction in one kind of ladder: `truth` says what holds there; shares of runs."""

    prediction: str
    ladder: str
    truth: str
    runs: int
    violated: float
    consistent: float


def outcome(evidence: Evidence, prediction: Prediction) -> tuple[bool, float]:
    """Whether any verdict of a prediction is violated, and which share of those on architectures supports it."""
    told = list(prediction.judge(evidence))
    rows = [verdict for verdict in told if verdict.claim_set == "*"] or told
    about_all = [verdict.status for verdict in rows]
    violated = any(verdict.status == "violated" for verdict in told)
    return violated, about_all.count("consistent") / max(len(about_all), 1)


def tried_laws(runs: int) -> Iterator[Tried]:
    """Predictions of the capacity law, and others that tables alone decide."""
    rng = np.random.default_rng(1)
    for truth in tqdm(LAWS, desc="laws", disable=None):
        made = [law_ladder(truth, rng) for _ in range(runs)]
        truths: dict[str, str] = {}
        for judge in (CAPACITY, ONE, ORIGIN):
            truths[judge.name] = "false" if judge.name in truth.false else "true"
            if truth.undecidable:
                truths[judge.name] = "undecidable"
        yield from _tried(truth.name, truths, made)
    for plateau, finished, truth_of in ((3.6, True, "true"), (2.9, True, "false"), (2.0, False, "undecidable")):
        made = [generative_ladder(plateau, finished, rng) for _ in range(runs)]
        name = f"{plateau} bits memorised per parameter{'' if finished else ', unfinished'}"
        yield from _tried(name, {GENERATIVE.name: truth_of}, made)
    for n_cells in (2, 3, 4, 40):
        made = [edge_ladder(n_cells, rng) for _ in range(runs)]
        yield from _tried(f"{n_cells} cells on the edge of what is allowed", {FREE.name: "true"}, made)


def _tried(ladder: str, truths: dict[str, str], made: list[Evidence]) -> Iterator[Tried]:
    """What each prediction makes of the ladders made; `truths`: what holds there."""
    # All predictions on one ladder after another: they share its laws.
    told = np.array([[outcome(evidence, ROOM.find(name)) for name in truths] for evidence in made]).mean(axis=0)
    for (name, truth), (violated, consistent) in zip(truths.items(), told, strict=True):
        yield Tried(name, ladder, truth, len(made), float(violated), float(consistent))


def tried_scores(runs: int) -> Iterator[Tried]:
    """Predictions that rest on scores."""
    rng = np.random.default_rng(2)
    laws = (CAPACITY, ONE, ORIGIN, GENERATIVE)
    for truth in tqdm(SCORES, desc="scores", disable=None):
        true = not truth.false
        made = [score_ladder(truth, rng) for _ in range(runs if true else max(2, runs // 3))]
        truths: dict[str, str] = {}
        for judge in JUDGED:
            if judge not in laws and judge.name not in BESIDE.get(truth.name, ()):
                false = "false" if judge.name in truth.false else "true"
                truths[judge.name] = "undecidable" if "*" in truth.false else false
        yield from _tried(truth.name, truths, made)


def tried_testers(runs: int) -> Iterator[Tried]:
    """Checks of a run of 16 testers with two answers, 2,000 facts and 20,000 non-facts each."""
    rng = np.random.default_rng(3)
    made = [_testers(rng) for _ in tqdm(range(runs), desc="testers", disable=None)]
    for name in ("known_bits", "known_hallucination", "bits_within_memory"):
        yield from _tried("16 testers", {name: "true"}, made)


def _testers(rng: np.random.Generator) -> Evidence:
    rows, known, models = [], [], {}
    for fnr, fpr in [(fnr, 2.0**-bits) for fnr in (0.0, 0.01, 0.03, 0.1) for bits in (2, 4, 6, 8)]:
        name, bits = f"{fnr:g}@{fpr:g}", float(two_sided_filter_bits(fnr, fpr))
        models[name] = ModelInfo(name, "drawn", "0" * 64, 1, "bits", "filter", 2000 * bits * 1.05)
        values = np.concatenate([rng.random(2000) >= fnr, rng.random(20_000) < fpr]).astype(np.float64)
        is_fact = np.arange(values.size) < 2000
        sample = Sample(is_fact, ~is_fact, np.arange(values.size), 1e-9, int(rng.integers(2**31)), 100)
        given = {"model": name, "claim_set": "keys", "score": "log_odds", "stratum": "pooled", "seed": 0}
        counts = {"n_facts": sample.n_facts, "n_nonfacts": sample.n_nonfacts}
        rows += [given | vars(each) | counts for each in basics(sample, values)]
        of = {"model": name, "claim_set": "keys"}
        known.append(of | {"quantity": "bits_per_fact", "value": bits, "unit": "bits"})
        rate = fpr if fnr <= 0.05 else 1.0
        known.append(of | {"quantity": "hallucination_rate", "value": rate, "unit": "1"})
    sets = {"keys": ClaimSetInfo("keys", 2000, 2**64, "CC0-1.0", "0" * 64, 0)}
    return Evidence(pd.DataFrame(rows), sets, models, known=pd.DataFrame(known))


def page(found: list[Tried]) -> str:
    """The documentation page."""
    lines = ["# Verdicts on ladders and testers: how often they are wrong", ""]
    lines += [f"    {line.strip()}" for line in __doc__.splitlines() if line.startswith("    python")]
    lines += ["", *(line for line in __doc__.split("\n\n")[1].splitlines()), ""]
    lines += ["| prediction | ladder | truth | runs | violated (runs) | consistent (rows) |", "| --- " * 6 + "|"]
    for each in sorted(found, key=lambda each: (each.prediction, each.truth != "true")):
        shares = [f"{100 * share:.0f} %" for share in (each.violated, each.consistent)]
        bold = each.truth == "false"
        shares[0] = f"**{shares[0]}**" if bold else shares[0]
        words = each.prediction.replace("_", " ")
        lines.append(f"| {words} | {each.ladder} | {each.truth} | {each.runs} | {' | '.join(shares)} |")
    return "\n".join(lines) + "\n"


@app.command(help=__doc__)
def check(
    laws: Annotated[int, typer.Option(min=0, help="Ladders of each kind that tables alone decide.")] = 50,
    scores: Annotated[
        int, typer.Option(min=0, help="Ladders of scores in which all is true; a third elsewhere.")
    ] = 10,
    of_testers: Annotated[int, typer.Option("--testers", min=0, help="Runs of 16 testers.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Markdown file; printed where left out.")] = None,
) -> int:
    """Draw, judge, count."""
    asked = ((tried_laws, laws), (tried_scores, scores), (tried_testers, of_testers))
    found = [each for tried, runs in asked if runs for each in tried(runs)]
    text = page(found)
    if out is not None:
        write_text(out, text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    console.main(app)
