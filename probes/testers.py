"""What do the estimates say of testers whose memory, bits per fact and hallucination rate are known exactly?

Bloom, fuse and ribbon filters, the log-loss optimum, a two-sided filter and two wasteful foils each store the same
random keys at several budgets and are then measured like language models: a stored key is a fact, a fresh one a
non-fact. Verdicts beside the usual ones: the measured bits are the known KL(Bern(1 - fnr) || Bern(fpr)), the
hallucination rate at 95 % recall is the known one (all, for foils that forget 10 % of the keys), and no tester's
bits exceed its memory (Guo & Li 2026, arXiv 2602.00906). Scores are the log-odds of a tester's posterior for the
answer it gave; 60 bits stand for certainty. Sampled for the tables: `--facts` of the keys, and `--nonfacts`
non-facts, which resolve log2(nonfacts / 50) bits (8.6 by default); above that, bits are lower bounds, marked so.

    python probes/testers.py --out runs/testers
"""

import math
import sys
from functools import partial
from importlib.metadata import version
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from bitsperfact import console, options, runs, tables, testers
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.theory import two_sided_filter_bits

app = typer.Typer(**console.app_settings)

SET, SCORE = "random-keys", "log_odds"
KINDS = {
    "bloom": testers.BloomTester.init,
    "xor": testers.XorTester.init,
    "fuse": testers.FuseTester.init,
    "ribbon": testers.RibbonTester.init,
    "score": testers.ScoreTester.init,
    "two-sided": partial(testers.TwoSidedTester.init, fnr=0.03),
    "forgetter": testers.Forgetter.init,
    "abstainer": testers.Abstainer.init,
}
#: Xor and fuse filters come with fingerprints of 8 and 16 bits only: budgets that have room for them.
FIXED = {"xor": [12.0, 24.0], "fuse": [12.0, 24.0]}
CERTAINTY_NATS = 60 * math.log(2)
#: Recall of facts at which the separation table states the hallucination rate.
RECALL = 0.95


@app.command(help=__doc__)
def probe(
    out: options.Out,
    keys: Annotated[int, typer.Option(help="Keys that every tester stores.")] = 20_000,
    facts: Annotated[int, typer.Option(help="Of these, how many are scored.")] = 2_000,
    nonfacts: Annotated[int, typer.Option(help="Fresh keys that are scored.")] = 20_000,
    budget: Annotated[list[float], typer.Option(help="Bits per key; repeatable.")] = [2, 3, 4, 6, 8, 12, 16],
    seed: options.Seed = 0,
    replicates: options.Replicates = 100,
    strict: options.Strict = False,
) -> int:
    """Build, query, analyse, judge, report."""
    from rich.console import Console

    from bitsperfact import analysis, report

    if keys < 1_000 or not 0 < facts <= keys or nonfacts < 1:
        raise BadInput("--keys, --facts, --nonfacts", "keys >= 1000, facts <= keys, all positive", sys.argv[1:])
    stored, claims = key_claims(keys, facts, nonfacts, seed)
    wanted = [(kind, bits) for kind in KINDS for bits in FIXED.get(kind, sorted(set(budget)))]
    built = {f"{kind}@{bits:g}": build(kind, stored, bits, seed) for kind, bits in wanted}
    infos = [describe(name, tester, seed) for name, tester in built.items()]
    claim_set = tables.ClaimSetInfo(SET, keys, 2**64, "CC0-1.0", sha256_of_text(SET, str(seed)), seed)
    scores = pd.concat([score(name, tester, claims) for name, tester in built.items()], ignore_index=True)
    recorded = {"command": sys.argv, "seed": seed, "versions": {p: version(p) for p in ("bitsperfact", "numpy")}}
    runs.write_manifest(out, "analysing", [claim_set], infos, **recorded)
    separation, usual = analysis.analyse(claims, scores, [claim_set], infos, seed=seed, replicates=replicates)
    known = pd.DataFrame([row for name, t in built.items() for row in compare(name, t, keys, separation)])
    verdict = pd.concat([usual, known], ignore_index=True)
    finished = runs.Run(out, claims, scores, separation, verdict, [claim_set], infos, recorded)
    for table in ("claims", "scores", "separation", "verdict"):
        tables.write(table, getattr(finished, table), out / f"{table}.parquet")
    report.write_report(finished, out / "report.html")
    runs.write_manifest(out, "complete", [claim_set], infos, **recorded)
    terminal = Console()
    terminal.print(report.headline_table(separation))
    terminal.print(report.verdict_table(verdict))
    terminal.print(f"report: {out / 'report.html'}", soft_wrap=True)
    return console.VIOLATED if strict and (verdict["status"] == "violated").any() else 0


def build(kind: str, keys: list[str], bits: float, seed: int) -> testers.Tester:
    """A tester of the keys, or one line that says why the budget is no good."""
    try:
        return KINDS[kind](keys, bits, seed)
    except ValueError as error:
        raise BadInput(f"--budget {bits:g}", f"room for a {kind} tester", error) from None


def key_claims(n_keys: int, n_facts: int, n_nonfacts: int, seed: int) -> tuple[list[str], pd.DataFrame]:
    """All keys, and the claims table of the scored ones: `n_facts` keys, then `n_nonfacts` fresh ones."""
    drawn = np.random.default_rng(seed).integers(2**64, size=n_keys + n_nonfacts, dtype=np.uint64)
    texts = [f"key {word:016x}" for word in drawn.tolist()]
    claims = pd.DataFrame({"target": [text[3:] for text in texts[:n_facts] + texts[n_keys:]], "prefix": "key"})
    claims["is_fact"] = np.arange(len(claims)) < n_facts
    claims["claim_id"] = [tables.claim_id(SET, "key", target) for target in claims["target"]]
    claims["stratum"] = np.where(claims["is_fact"], "fact", "fresh")
    constant = {"claim_set": SET, "group": claims["claim_id"], "grade": claims["is_fact"] * 1.0, "source": "drawn"}
    return texts[:n_keys], claims.assign(**constant)[list(tables.COLUMNS["claims"])]


def describe(name: str, tester: testers.Tester, seed: int) -> tables.ModelInfo:
    """A tester as a model: its parameters are its bits, and its kind is its architecture."""
    pinned = sha256_of_text(name, str(seed))
    return tables.ModelInfo(name, f"seed {seed}", pinned, tester.memory_bits, "bits", name.partition("@")[0])


def score(name: str, tester: testers.Tester, claims: pd.DataFrame) -> pd.DataFrame:
    """The scores table of a tester: log-odds of its posterior for the answer that each claim gets."""
    text = claims["prefix"] + claims["target"]
    answers = tester.query(text.tolist())
    odds = np.log(max(1 - tester.fnr, 1e-300) / tester.fpr), np.log(max(tester.fnr, 1e-300) / (1 - tester.fpr))
    values = np.clip(np.where(answers == max(tester.answers), *odds), -CERTAINTY_NATS, CERTAINTY_NATS)
    known = {"model": name, "revision": "seeded", "dtype": "bits", "score": SCORE, "n_tokens": 1, "n_bytes": 20}
    frame = claims[["claim_id"]].assign(**known, value=values, logprob_sum=np.nan, boundary_ok=True)
    return frame[list(tables.COLUMNS["scores"])]


def compare(name: str, tester: testers.Tester, n_keys: int, separation: pd.DataFrame) -> list[dict[str, object]]:
    """Verdicts on what is known of a tester; its interval is one of 95 %, so that violated means twice outside."""
    own = separation[(separation["model"] == name) & (separation["stratum"] == "pooled")].set_index("quantity")
    bits, rate = own.loc["bits_per_fact"], own.loc["hallucination_rate"]
    known_bits = float(two_sided_filter_bits(tester.fnr, tester.fpr))
    known_rate = tester.fpr if tester.fnr < 1 - RECALL else 1.0
    memory = tester.memory_bits / n_keys
    return [
        verdict_row(name, "known_bits", known_bits, bits, agreement(known_bits, bits)),
        verdict_row(name, "known_hallucination", known_rate, rate, agreement(known_rate, rate)),
        verdict_row(
            name, "bits_within_memory", memory, bits, "violated" if bits["lower"] > memory else "consistent"
        ),
    ]


def agreement(known: float, measured: pd.Series) -> str:
    """Whether an interval holds the known value; a lower bound need only lie below it."""
    low, high = measured["lower"], np.inf if measured["resolution_limited"] else measured["upper"]
    if low <= known <= high:
        return "consistent"
    reach = 2 * (low if known < low else high) - measured["value"]
    return "violated" if (known < reach if known < low else known > reach) else "undecided"


def verdict_row(name: str, prediction: str, predicted: float, own: pd.Series, status: str) -> dict[str, object]:
    """One row of the verdict table."""
    mark = "≥ " if own["resolution_limited"] else ""
    reason = f"{mark}{own['value']:.4g} ({own['lower']:.4g} to {own['upper']:.4g}) against {predicted:.4g}."
    numbers = {"predicted": predicted, "measured": own["value"], "lower": own["lower"], "upper": own["upper"]}
    names = {"model": name, "claim_set": SET, "score": SCORE, "prediction": prediction}
    return {**names, **numbers, "status": status, "reason": reason}


if __name__ == "__main__":
    console.main(app)
