"""Do networks trained from scratch store random facts as the theory says they must?

Networks of many sizes learn n random strings among all strings of that length: by log-loss against fresh non-facts
(`--objective membership`), or on the facts' next symbol (`next-symbol`). Each is trained until doubling the
training adds less than 5 % of effective bits, or to `--exposures` showings per fact: such a cell is unfinished; it
violates nothing, and excuses no other. Verdicts (Guo & Li 2026, arXiv 2602.00906): log2(1/q) = c P/n, with c of
small loads or sizes tested on large ones, and one c at all of them; q x*/(1-x*) = a/(1-a); scores are the
channel's; no fact is forgotten, no claim abstained on; no strategy does better at the same bits; the weight a
moves no hallucination; near misses are hallucinated no more than others; and what stored nothing shows no bits. A
verdict on an architecture counts its finished cells; each prediction errs in one run of twenty (docs/ladder.md).
`networks/` holds every network.

    bitsperfact probe strings --quick --out runs/strings
"""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import pandas as pd
import typer

from bitsperfact import console, runs, tables
from bitsperfact.errors import BadInput
from bitsperfact.execution import Placement
from bitsperfact.options import Engine, RayAddress, Replicates, RunOptions, Workers, app_of
from bitsperfact.training import (
    Cell,
    LadderStore,
    LadderTables,
    Schedule,
    Stack,
    Universe,
    claim_sets,
    ladder,
    models_of,
    schedule_for,
    stacks_of,
    train_all,
)

#: Showings of each fact and steps at most, and claims that are evaluated, of a small ladder.
QUICK = {"exposures": 150, "least_steps": 700, "nonfacts": 2**16}
QUICK_SIZES = {"params": "1.5k,3k", "facts": "300,500,800,1500,2400"}
RECORDED = ("bitsperfact", "numpy", "scipy", "torch", "transformers")
Counts = Annotated[str, typer.Option(help="Comma-separated; 2k is 2000.")]
Weights = Annotated[str, typer.Option(help="Comma-separated weights of facts in the loss, in (0, 1).")]


@dataclass(frozen=True, kw_only=True)
class LadderOptions(RunOptions):
    """What networks learn which facts, and for how long."""

    arch: Annotated[str, typer.Option(help="mlp or transformer.")] = "mlp"
    objective: Annotated[tuple[str, ...], typer.Option(help="membership or next-symbol; repeatable.")] = (
        "membership",
    )
    params: Counts = "2k,3.2k,5k,8k,12.6k"
    facts: Counts = "200,250,315,400,630,1000,1600,2500,4000,6300,10000,16000"
    seeds: Annotated[int, typer.Option(min=1, help="Networks per cell, each with facts of its own.")] = 2
    alphabet: Annotated[int, typer.Option(help="Symbols that strings are made of.")] = 16
    length: Annotated[int, typer.Option(help="Symbols of a string.")] = 8
    fact_weight: Weights = "0.5"
    trade_off: Weights = "0.1,0.9"
    exposures: Annotated[int | None, typer.Option(min=2, help="Showings per fact at most.")] = None
    steps: Annotated[int | None, typer.Option(min=8, help="Steps of the longest training at least.")] = None
    engine: Engine = "local"
    workers: Workers = None
    ray_address: RayAddress = None
    compiled: Annotated[bool, typer.Option(help="Fuse the loss; pays for transformers beyond some minutes.")] = (
        False
    )
    quick: Annotated[bool, typer.Option("--quick", help="A small ladder in some minutes.")] = False
    replicates: Replicates = 100


def probe(options: LadderOptions) -> int:
    """Train, measure, judge, report; return the exit status."""
    schedule, cells = planned(options)
    placement = Placement(options.engine, options.workers, options.ray_address)
    placement.check()
    with runs.writing(options.out) as writer:
        stacks = stacks_of(cells, schedule)
        sets, infos = claim_sets(cells), models_of(cells, schedule)
        recorded = runs.provenance(RECORDED, options.command) | {"recipe": asdict(schedule)}
        writer.begin("training", sets, infos, **recorded)
        train_all(stacks, options.out, placement)
        verdict = conclude(writer, stacks, (sets, infos, recorded), options.seed, options.replicates)
    return console.status_under(options.strict, verdict["status"])


def planned(options: LadderOptions) -> tuple[Schedule, list[Cell]]:
    """Return how cells are trained, and the cells; BadInput where options do not give a ladder."""
    own = {"exposures": options.exposures, "least_steps": options.steps}
    changes: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
    sizes = {"params": options.params, "facts": options.facts}
    if options.quick:
        sizes, changes = QUICK_SIZES, QUICK | changes
    try:
        schedule = schedule_for(options.arch, quick=options.quick, compiled=options.compiled, **changes)
        of = Universe(options.alphabet, options.length), counts(sizes["params"]), counts(sizes["facts"])
        weights = tuple(numbers(options.fact_weight)), tuple(numbers(options.trade_off))
        objectives = dict.fromkeys(options.objective)
        cells = [cell for each in objectives for cell in ladder(options.arch, each, *of, options.seeds, *weights)]
    except ValueError as error:
        raise BadInput("options", "a ladder that can be trained", error) from None
    return schedule, cells


def numbers(text: str) -> list[float]:
    """Return the numbers from "2k,500"."""
    return [float(x.removesuffix("k")) * (1000 if x.endswith("k") else 1) for x in text.split(",") if x]


def counts(text: str) -> list[int]:
    """Return whole numbers from "2k,500"."""
    return [round(x) for x in numbers(text)]


def conclude(
    writer: runs.RunWriter,
    stacks: list[Stack],
    about: tuple[list[tables.ClaimSetInfo], list[tables.ModelInfo], dict[str, Any]],
    seed: int,
    replicates: int,
) -> pd.DataFrame:
    """Write what every network said, measure and judge it, leave the run folder; returns the verdict table."""
    from bitsperfact import analysis, report

    out, store = writer.folder, LadderStore(writer.folder)
    of_cell = {cell.name: stack for stack in stacks for cell in stack.cells}

    def scores_of(cell: Cell) -> pd.DataFrame:
        found = store.scores(of_cell[cell.name])
        return found[found["model"] == cell.name].drop(columns="model")

    evaluated = LadderTables([cell for stack in stacks for cell in stack.cells], scores_of)
    records = store.records(stacks)
    writer.write("cells", records)
    writer.write_parts("claims", evaluated.claims())
    writer.write_parts("scores", evaluated.rows())
    claims, scores = runs.stored("claims", out), runs.stored("scores", out)
    sets, infos, recorded = about
    with console.progress("measuring", "cell", shown=None) as advance:
        separation, verdict = analysis.analyse(
            claims, scores, sets, infos, seed, replicates, advance, cells=records
        )
    writer.write("separation", separation)
    writer.write("verdict", verdict)
    finished = runs.Run(out, separation, verdict, sets, infos, recorded, claims, scores, cells=records)
    report.write_report(finished, out / "report.html")
    writer.complete()
    report.print_run(finished)
    return verdict


app = app_of(LadderOptions, probe, __doc__)
