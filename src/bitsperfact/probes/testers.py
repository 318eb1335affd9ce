"""What do the estimates say of testers whose memory, bits per fact and hallucination rate are known exactly?

Bloom, xor, fuse and ribbon filters, the log-loss optimum, a two-sided filter and two wasteful foils each store the
same random keys at several budgets and are then measured like language models: a stored key is a fact, a fresh one
a non-fact, and a score is the log-odds of a tester's answer (60 bits stand for certainty). Verdicts beside the
usual ones: measured bits are the known KL(Bern(1 - fnr) || Bern(fpr)), the hallucination rate at 95 % recall is
the known one (all, for foils that forget 10 % of the keys), and no tester's bits exceed its memory (Guo & Li 2026,
arXiv 2602.00906). `--facts` of the keys and `--nonfacts` others are scored: that resolves log2(nonfacts / 50)
bits, 8.6 by default; above that, bits are lower bounds, marked so. testers.png shows all against the bound.

    bitsperfact probe testers --out runs/testers
"""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from scipy.special import logit
from tqdm import tqdm

from bitsperfact import console, runs, tables, testers
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.options import Replicates, RunOptions, app_of

SET, SCORE = "random-keys", "log_odds"
CERTAINTY_NATS = 60 * math.log(2)
RECORDED = ("bitsperfact", "numpy", "scipy", "numba", "rbloom", "pyfusefilter")


@dataclass(frozen=True, kw_only=True)
class TesterOptions(RunOptions):
    """What testers store, and what they are asked."""

    keys: Annotated[int, typer.Option(min=1000, help="Keys that every tester stores.")] = 20_000
    facts: Annotated[int, typer.Option(min=1, help="Of these, how many are scored.")] = 2_000
    nonfacts: Annotated[int, typer.Option(min=1, help="Fresh keys that are scored.")] = 20_000
    budget: Annotated[tuple[float, ...], typer.Option(help="Bits per key; repeatable.")] = (2, 3, 4, 6, 8, 12, 16)
    tester: Annotated[
        tuple[str, ...] | None,
        typer.Option(help="Kind, or package.module:NAME; repeatable (default: all)."),
    ] = None
    replicates: Replicates = 100


def probe(options: TesterOptions) -> int:
    """Build, query, analyse, judge, report; return the exit status."""
    check(options.keys, options.facts, options.seed, options.replicates)
    with runs.writing(options.out) as writer:
        return _run(options, writer)


def _run(options: TesterOptions, writer: runs.RunWriter) -> int:
    from bitsperfact import analysis, report

    stored, claims = draw(options.keys, options.facts, options.nonfacts, options.seed)
    kinds = {name: testers.KINDS.find(name) for name in options.tester or testers.KINDS.names()}
    wanted = [(name, bits) for name, kind in kinds.items() for bits in kind.budgets or sorted(set(options.budget))]
    built = {f"{name}@{bits:g}": build(name, kinds[name], stored, bits, options.seed) for name, bits in wanted}
    # As models, testers have bits for parameters, and their kind for an architecture.
    pinned = {
        name: (f"seed {options.seed}", sha256_of_text(name, str(options.seed)), t.memory_bits)
        for name, t in built.items()
    }
    infos = [
        tables.ModelInfo(name, *pins, "bits", name.partition("@")[0], float(pins[-1]))
        for name, pins in pinned.items()
    ]
    sets = [
        tables.ClaimSetInfo(
            SET, options.keys, 2**64, "CC0-1.0", sha256_of_text(SET, str(options.seed)), options.seed
        )
    ]
    laws = {name: testers.law_of(tester, options.keys) for name, tester in built.items()}
    known = pd.DataFrame([row for name, law in laws.items() for row in known_rows(name, law)])
    scores = pd.concat([answers(name, tester, claims) for name, tester in built.items()], ignore_index=True)

    chosen = {name: getattr(options, name) for name in ("keys", "budget", "seed", "replicates")}
    recorded = runs.provenance(RECORDED) | {"options": chosen}
    writer.begin("analysing", sets, infos, **recorded)
    with tqdm(total=len(built) + 1, desc="measuring", unit="cell", disable=None) as bar:
        seen = {"seed": options.seed, "replicates": options.replicates, "progress": lambda *_: bar.update()}
        separation, verdict = analysis.analyse(claims, scores, sets, infos, **seen, known=known)
    finished = runs.Run(options.out, separation, verdict, sets, infos, recorded, claims, scores, known=known)
    for table, frame in {"claims": claims, "scores": scores, "known": known}.items():
        writer.write(table, frame)
    writer.write("separation", separation)
    writer.write("verdict", verdict)
    report.save_figure(report.headline_figure(finished), options.out / "testers.png")
    report.write_report(finished, options.out / "report.html")
    writer.complete()
    report.print_run(finished)
    return console.status_under(options.strict, verdict["status"])


def check(keys: int, facts: int, seed: int, replicates: int) -> None:
    """Stop with one line where options do not go together."""
    for holds, where, expected, got in (
        (facts <= keys, "--facts", f"at most the {keys} keys", facts),
        (0 <= seed < 2**64, "--seed", "a whole number in [0, 2^64)", seed),
        (replicates > 1, "--replicates", "at least 2", replicates),
    ):
        if not holds:
            raise BadInput(where, expected, got)


def draw(n_keys: int, n_facts: int, n_nonfacts: int, seed: int) -> tuple[list[str], pd.DataFrame]:
    """Return all keys, and the claims table of the scored ones: `n_facts` keys, then `n_nonfacts` fresh ones."""
    drawn = np.random.default_rng(seed).integers(2**64, size=n_keys + n_nonfacts, dtype=np.uint64)
    texts = [f"key {word:016x}" for word in drawn.tolist()]
    claims = pd.DataFrame({"target": [text[3:] for text in texts[:n_facts] + texts[n_keys:]], "prefix": "key"})
    claims["is_fact"] = np.arange(len(claims)) < n_facts
    claims["claim_id"] = [tables.claim_id(SET, "key", target) for target in claims["target"]]
    claims["stratum"] = np.where(claims["is_fact"], "fact", "fresh")
    constant = {"claim_set": SET, "group": claims["claim_id"], "grade": claims["is_fact"] * 1.0, "source": "drawn"}
    return texts[:n_keys], claims.assign(**constant)[list(tables.COLUMNS["claims"])]


def build(name: str, kind: testers.TesterKind, keys: list[str], bits: float, seed: int) -> testers.Tester:
    """Return a tester of the keys, or one line that says why the budget is no good."""
    try:
        return kind.init(keys, bits, seed)
    except ValueError as error:
        raise BadInput(f"--budget {bits:g}", f"room for a {name} tester of {len(keys)} keys", error) from None


def answers(name: str, tester: testers.Tester, claims: pd.DataFrame) -> pd.DataFrame:
    """Return the scores table of a tester: the log-odds of its answer to each claim."""
    confidence = tester.query((claims["prefix"] + claims["target"]).tolist())
    value = np.clip(logit(confidence), -CERTAINTY_NATS, CERTAINTY_NATS)
    constant = {"model": name, "revision": "seeded", "dtype": "bits", "score": SCORE, "n_tokens": 1, "n_bytes": 20}
    frame = claims[["claim_id"]].assign(**constant, value=value, logprob_sum=np.nan, boundary_ok=True)
    return frame[list(tables.COLUMNS["scores"])]


def known_rows(name: str, law: testers.Law) -> list[dict[str, object]]:
    """Return rows of the table of what is known of a tester by construction."""
    of = {"model": name, "claim_set": SET}
    bits = of | {"quantity": "bits_per_fact", "value": law.bits_per_fact, "unit": "bits"}
    return [bits, of | {"quantity": "hallucination_rate", "value": law.hallucination_rate, "unit": "1"}]


app = app_of(TesterOptions, probe, __doc__)
