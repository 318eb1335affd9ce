"""Judge the judge: verdicts on whole runs in which each prediction is true, false or open by construction.

python scripts/check_verdicts.py --runs 400 --cells 200 --out docs/verdicts.md
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bitsperfact import estimate
from bitsperfact.analysis.evidence import Evidence
from bitsperfact.analysis.predictions import ROOM, found_predictions
from bitsperfact.files import write_text
from bitsperfact.tables import PATTERN_MODEL, ClaimSetInfo, ModelInfo
from bitsperfact.theory import lowest_fpr
from verdict_laws import LAWS, Law, measured_cells

#: A run: models of one family, ordinary sets, and a control, by one score.
SIZES, SETS = (70, 160, 410), 4
N_FACTS, N_NONFACTS = 240, 2400
#: False alarms per run, and power at the stated effect.
MOST_ALARMS, LEAST_POWER = 0.05, 0.8
Numbers = tuple[float, float, float]
Row = dict[str, Any]
#: What holds of models at large; ladders and testers have a script of their own.
NAMES = [
    each.name
    for each in found_predictions()
    if each.scope in ("models", "all") and each.name != "bits_within_memory"
]


def noisy(value: float, error: float, rng: np.random.Generator) -> Numbers:
    """A normal estimate and its 95 % interval, which is honest by construction."""
    seen = rng.normal(value, error)
    return seen, seen - 1.959964 * error, seen + 1.959964 * error


def counted(share: float, n: int, rng: np.random.Generator) -> Numbers:
    """A share counted in n claims and its exact binomial interval."""
    return _exact(int(rng.binomial(n, share)), n)


@cache
def _exact(count: int, n: int) -> Numbers:
    low, high = estimate.share_bounds(count, n, 0.025)
    return count / n, float(low), float(high)


@dataclass(frozen=True)
class Case:
    """What is true of every cell of a run, and what verdicts on `prediction` are then wrong, or asked for.

    `changed`: quantity -> its truth, and its standard error, or "share" (or "many") where it is counted in 240 (or
    1,000) facts. `wrong`: status that is an error. `asked`: status that is right. `step`: bits per doubling of the
    model's size; `between`: standard deviation of bits between sets.
    """

    prediction: str
    said: str
    changed: Mapping[str, tuple[float, float | str]]
    wrong: str = ""
    asked: str = ""
    step: float = 0.0
    between: float = 0.0


#: The channel of 4 bits, as well seen as in 240 facts and 2,400 non-facts.
CHANNEL: dict[str, tuple[float, float | str]] = {
    "bits_per_fact": (4.0, 0.12),
    "hallucination_rate": (2.0**-4, "share"),
    "sparsity_ratio": (0.999, 0.0003),
    "auc": (0.97, 0.003),
    "x_star": (16 / 17, 0.01),
    "full_recall_rate": (2.0**-4, "share"),
    "q_star": (2.0**-4, "share"),
    "abstention_mass": (0.0, "share"),
    "bits_effective": (3.95, 0.12),
    "evenness": (0.97, 0.03),
    "spread": (0.1, 0.15),
    "forgotten_share": (0.0, "share"),
    "auc_accepted": (0.5, 0.025),
    "behind_smooth": (0.3, 0.03),
    "behind_abstaining": (0.02, 0.006),
    "lag": (-0.003, 0.005),
}
#: What 1,000 facts and 10,000 non-facts show better.
MANY: dict[str, tuple[float, float | str]] = {"forgotten_share": (0.0, "many"), "auc_accepted": (0.5, 0.015)}
#: Shares of the non-facts.
OF_NONFACTS = ("hallucination_rate", "full_recall_rate", "q_star")
UNITS = {"spread": "bits", "bits_effective": "bits", "bits_per_fact": "bits"}


def two(
    prediction: str, quantity: str, edge: float, effect: float, error: float | str, said: str
) -> Iterator[Case]:
    """At the edge of the tolerance (true: must not be violated), just beyond it, and at an effect to be found."""
    yield Case(prediction, f"{said} at the edge, {edge:g}", {quantity: (edge, error)}, wrong="violated")
    yield Case(prediction, f"{said} just outside", {quantity: (edge, error)}, wrong="consistent")
    yield Case(prediction, f"{said} {effect:g}", {quantity: (effect, error)}, "consistent", "violated")


def cases() -> Iterator[Case]:
    """Every prediction: as predicted, at the edge, and false by a stated effect."""
    small = ("facts_are_not_forgotten", "accepted_look_alike", "channel_signature")
    for name in NAMES:
        if name not in ("no_bits_without_memory", "patterned_control"):
            asked = "" if name in small else "consistent"
            yield Case(name, "the channel", {}, "violated", asked, step=1.0, between=1.0)
    for name in small:
        yield Case(name, "the channel, 1,000 facts", MANY, "violated", "consistent", step=1.0)
    yield Case("bits_grow_with_size", "no slope", {}, "violated")
    yield Case("bits_grow_with_size", "no slope, called growth", {}, "consistent")
    yield Case("bits_grow_with_size", "-0.4 bits per doubling", {}, "consistent", "violated", step=-0.4)
    for quantity, edge, effect, error in (
        ("forgotten_share", 0.02, 0.1, "share"),
        ("auc_accepted", 0.55, 0.75, 0.03),
    ):
        yield Case("channel_signature", f"{quantity} at the edge, {edge:g}", {quantity: (edge, error)}, "violated")
        yield Case(
            "channel_signature", f"{quantity} {effect:g}", {quantity: (effect, error)}, "consistent", "violated"
        )
    yield from two("scores_are_even", "evenness", 0.8, 0.65, 0.03, "evenness")
    yield from two("facts_get_equal_bits", "spread", 1.0, 2.0, 0.2, "spread, bits,")
    yield from two("facts_are_not_forgotten", "forgotten_share", 0.02, 0.1, "share", "forgotten share")
    yield from two("accepted_look_alike", "auc_accepted", 0.6, 0.75, 0.03, "AUC among accepted")
    yield from two("channel_shape", "lag", 0.02, 0.1, 0.015, "nats behind the best law")
    yield from two("no_abstaining", "abstention_mass", 0.05, 0.15, "share", "abstention mass")
    yield from two("bits_are_effective", "bits_effective", 3.2, 2.2, 0.12, "effective bits of 4:")
    yield from two("no_over_accepting", "hallucination_rate", 0.125, 0.25, "share", "rate at 4 bits:")
    floor = float(lowest_fpr(4.0, 0.05))
    yield Case("hallucination_floor", "rate at the floor", {"hallucination_rate": (floor, "share")}, "violated")
    low = {"hallucination_rate": (floor / 4, "share")}
    yield Case("hallucination_floor", "rate a quarter of the floor", low, "consistent", "violated")
    one_rate = {"hallucination_rate": (0.3, "share")}
    yield Case(
        "hallucination_falls_with_bits", "one rate at all bits", one_rate, "consistent", step=1.0, between=1.0
    )
    yield Case("sparsity", "F_p 2 % below KL", {"sparsity_ratio": (0.98, 0.001)}, "consistent")


def run_of(case: Case, rng: np.random.Generator) -> Evidence:
    """One run with honest intervals: what the case says of every cell, the rest as the channel has it."""
    rows: list[Row] = []
    for size in SIZES:
        for each in range(SETS):
            bits = CHANNEL["bits_per_fact"][0] + case.step * np.log2(size / SIZES[1])
            bits += case.between * (each - (SETS - 1) / 2)
            rate = dict.fromkeys(("hallucination_rate", "full_recall_rate"), (2.0**-bits, "share"))
            rate |= {"bits_per_fact": (bits, 0.12)}
            effective = {"bits_effective": (bits - 0.05, 0.12)}
            truth: dict[str, Any] = CHANNEL | rate | effective | dict(case.changed)
            rows += _rows(f"lab/net-{size}M", f"set{each}", truth, rng)
    return _evidence(rows, {f"set{each}": "none" for each in range(SETS)})


def _rows(model: str, claim_set: str, truth: Mapping[str, Any], rng: np.random.Generator) -> Iterator[Row]:
    for name, numbers in lags(*truth["lag"], rng).items():
        yield row(model, claim_set, name, numbers, "nats")
    for name, (value, error) in truth.items():
        if name == "lag":
            continue
        unit = "nats" if name.startswith("behind") else UNITS.get(name, "1")
        n = 1000 if error == "many" else N_NONFACTS if name in OF_NONFACTS else N_FACTS
        numbers = counted(value, n, rng) if isinstance(error, str) else noisy(value, error, rng)
        if unit == "1":
            numbers = tuple(float(x) for x in np.clip(numbers, 0, 1))
        yield row(model, claim_set, name, numbers, unit)


def lags(truth: float, error: float, rng: np.random.Generator) -> dict[str, Numbers]:
    """Rows of the channel and of forgetting scores, of which the better one is behind by 0 and knows no error."""
    seen, lower, upper = noisy(truth, error, rng)
    best = (0.0, 0.0, 0.0)
    behind = (best, (-seen, -upper, -lower)) if seen <= 0 else ((seen, lower, upper), best)
    return dict(zip(("behind_channel", "behind_forgetting"), behind, strict=True))


def row(model: str, claim_set: str, quantity: str, numbers: Numbers, unit: str, limited: bool = False) -> Row:
    """A row of the separation table."""
    score = PATTERN_MODEL if model == PATTERN_MODEL else "logprob"
    named = {"model": model, "claim_set": claim_set, "score": score, "stratum": "pooled", "quantity": quantity}
    ends = dict(zip(("value", "lower", "upper"), numbers, strict=True))
    counts = {"n_facts": N_FACTS, "n_nonfacts": N_NONFACTS, "seed": 0}
    return named | ends | {"unit": unit, "resolution_limited": limited} | counts


def _evidence(rows: list[Row], controls: Mapping[str, Any]) -> Evidence:
    sets = {
        name: ClaimSetInfo(name, 240, 10**6, "CC0-1.0", "0" * 64, 0, control) for name, control in controls.items()
    }
    names = {str(each["model"]) for each in rows}
    sizes = {name: int(float(name.rpartition("-")[2][:-1]) * 1e6) for name in names if name != PATTERN_MODEL}
    models = {n: ModelInfo(n, "main", "0" * 64, size, "float32", "Net") for n, size in sizes.items()}
    return Evidence(pd.DataFrame(rows), sets, models)


def statuses(evidence: Evidence, prediction: str) -> list[str]:
    """What a prediction says of each of its rows."""
    return [verdict.status for verdict in ROOM.find(prediction).judge(evidence)]


@dataclass(frozen=True)
class Line:
    """A line of a table: shares (1) of rows by status, and of runs in which a wrong one occurs."""

    prediction: str
    said: str
    shares: dict[str, float]
    wrong: str
    wrong_runs: float | None
    asked: str
    runs: int

    @property
    def holds(self) -> bool:
        """Whether alarms and power are within their goals, at two standard errors of so many runs."""
        slack = 2 * np.sqrt(MOST_ALARMS * (1 - MOST_ALARMS) / self.runs)
        few = self.wrong_runs is None or self.wrong_runs <= MOST_ALARMS + slack
        return bool(few and (not self.asked or self.shares[self.asked] >= LEAST_POWER))


def line(prediction: str, said: str, seen: list[list[str]], wrong: str, asked: str) -> Line:
    """Sum up what was said in each run."""
    every = [status for run in seen for status in run]
    shares = {s: every.count(s) / max(len(every), 1) for s in ("consistent", "violated", "undecided")}
    rate = float(np.mean([wrong in run for run in seen])) if wrong else None
    return Line(prediction, said, shares, wrong, rate, asked, len(seen))


def honest(runs: int, seed: int) -> Iterator[Line]:
    """The judge alone, on numbers with honest intervals."""
    for number, case in enumerate(cases()):
        rng = np.random.default_rng([seed, number])
        repeated = min(runs, 100) if case.prediction == "hallucination_falls_with_bits" else runs
        seen = [statuses(run_of(case, rng), case.prediction) for _ in range(repeated)]
        yield line(case.prediction, case.said, seen, case.wrong, case.asked)


def from_scores(law: Law, cells: int, seed: int) -> Iterator[Line]:
    """The whole way from scores: runs of cells that were sampled, measured and judged."""
    library = measured_cells(law, cells, seed)
    seen: dict[str, list[list[str]]] = {name: [] for name in law.expected}
    control = "random" if "no_bits_without_memory" in law.expected else "none"
    # Runs share no cell: of a few cells that are drawn again and again one bad one would be in every fifth run.
    for first in range(0, cells - law.per_run + 1, law.per_run):
        rows: list[Row] = []
        for number, chosen in enumerate(library[first : first + law.per_run]):
            rows += [each | {"model": f"lab/net-{number + 1}M"} for each in chosen]
        found = _evidence(rows, {"set0": control})
        for name in law.expected:
            seen[name].append(statuses(found, name))
    for name, (wrong, asked) in law.expected.items():
        yield line(
            name, f"{law.name}; {law.per_run} cell{'s' * (law.per_run > 1)} a run", seen[name], wrong, asked
        )


def strict(runs: int, seed: int) -> float:
    """Share of runs with any violation, where everything is as predicted."""
    case, rng = Case("", "the channel", {}, step=1.0), np.random.default_rng([seed, 99])
    quick = [name for name in NAMES if name not in ("hallucination_falls_with_bits", "patterned_control")]
    found = (run_of(case, rng) for _ in range(runs))
    return float(np.mean([any("violated" in statuses(each, name) for name in quick) for each in found]))


def table(lines: list[Line]) -> str:
    """Lines as markdown, a star where a goal is missed."""
    head = "| prediction | by construction | consistent | violated | undecided | wrong, per run | asked for |\n"
    head += "| --- | --- | --- | --- | --- | --- | --- |\n"
    body = ""
    for each in lines:
        shares = " | ".join(f"{100 * each.shares[s]:.1f} %" for s in ("consistent", "violated", "undecided"))
        wrong = "" if each.wrong_runs is None else f"{each.wrong}: {100 * each.wrong_runs:.1f} %"
        star = "" if each.holds else " *"
        body += f"| {each.prediction} | {each.said} | {shares} | {wrong} | {each.asked}{star} |\n"
    return head + body


def main() -> int:
    """Write the tables; 1 where one misses its goals."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=400)
    options.add_argument("--cells", type=int, default=200, help="cells measured from scores, of each law")
    options.add_argument("--laws", default="", help="only laws with this in their names")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    alone = list(honest(chosen.runs, chosen.seed))
    print(table(alone), flush=True)
    any_alarm = strict(chosen.runs, chosen.seed)
    whole: list[Line] = []
    for law in [law for law in LAWS if chosen.laws in law.name]:
        whole += from_scores(law, chosen.cells, chosen.seed)
        print(table(whole[-len(law.expected) :]).split("\n", 2)[2], end="", flush=True)
    missed = [each for each in (*alone, *whole) if not each.holds]
    print(f"any violation where all is as predicted: {100 * any_alarm:.1f} %; missed: {len(missed)}")
    if chosen.out:
        kept = chosen.out.read_text().split("<!-- made -->")[0] if chosen.out.exists() else "# Verdicts\n\n"
        made = f"Any violation in a run where all is as predicted: {100 * any_alarm:.1f} %.\n\n"
        made += f"## The judge alone\n\n{table(alone)}\n## From scores\n\n{table(whole)}"
        write_text(chosen.out, f"{kept}<!-- made -->\n\n{made}")
    return int(bool(missed) or any_alarm > MOST_ALARMS)


if __name__ == "__main__":
    sys.exit(main())
