"""From names of models and claim sets to a finished run folder: what every probe of existing models shares."""

import platform
import shutil
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bitsperfact import claims as claim_sets
from bitsperfact import execution, models, precision, runs, tables
from bitsperfact.errors import BadInput
from bitsperfact.execution import Needs, Opener, Placement, ShardStore
from bitsperfact.rows import Rows
from bitsperfact.scoring import Plan, Questions, ScoringTask, Settings, check_fit, score
from bitsperfact.scoring.choosing import Chosen, chosen, names_of
from bitsperfact.scoring.peak import peak_memory_mib
from bitsperfact.scoring.recall import SharedStore
from bitsperfact.scoring.tokens import check_bos
from bitsperfact.scoring.unlabelled import Unlabelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bitsperfact.claims import ClaimStream, WrittenSet
    from bitsperfact.models import LoadedModel

#: Main memory of a worker beside its model's weights: the interpreter, torch, and what a batch takes.
WORKER_BYTES = 3 << 29
#: Weights times requests for which one more process on this machine pays: 5 s of work, what its start takes
#: (docs/scale.md).
PAYING_WEIGHTS = 8 * 10**10
#: Claims, the first of all, that a sample is drawn from to measure reduced precision.
PRECISION_CLAIMS = 100_000
#: Packages whose versions decide numbers, recorded with every run.
RECORDED = ("bitsperfact", "numpy", "pandas", "scikit-learn", "scipy", "tokenizers", "torch", "transformers")


@dataclass(frozen=True)
class Options:
    """What a probe of existing models is asked to do; the fields are those of the command line.

    `score` None: the default scores (`scoring.registry.DEFAULT`), of each claim set those that can be made of it.
    """

    model: tuple[str, ...]
    claims: tuple[str, ...]
    out: Path
    score: tuple[str, ...] | None = None
    negatives: int | None = None
    limit: int | None = None
    seed: int = 0
    dtype: str = "float32"
    device: str = "auto"
    batch_tokens: int | None = None
    bos: str = "auto"
    engine: str = "local"
    workers: int | None = None
    ray_address: str | None = None
    replicates: int = 200
    trust_remote_code: bool = False
    allow_pickle: bool = False
    cache: bool = True
    progress: bool = True
    command: tuple[str, ...] = field(default_factory=lambda: tuple(sys.argv))


def run(options: Options) -> runs.Run:
    """Score the models on the claim sets, analyse, and leave a complete run folder; resumes what is there.

    Raises BadInput for anything in `options` that cannot be used, before anything is computed where it can be
    told by then. Results stored so far are kept whatever happens later.
    """
    _check(options)
    with runs.writing(options.out) as writer:
        streams = [each for source in options.claims for each in _open_claims(options, source)]
        _refuse_doubles("--claims", [s.info.name for s in streams])
        with claim_sets.written(streams, writer.path("claims")) as sets:
            del streams  # with the facts that recipes hold
            scores_of = [chosen(options.score, Unlabelled(each.rows)) for each in sets]
            infos = [_describe(options, name) for name in options.model]
            _refuse_doubles("--model", [info.name for info in infos])
            for info in infos:
                check_fit(info, names_of(scores_of), options.bos)
            facts = _provenance(options, sets, scores_of)
            set_infos = [s.info for s in sets]
            writer.begin("scoring", set_infos, infos, **facts)
        _score(options, writer, sets, scores_of, infos)
        claims, scores = runs.stored("claims", options.out), runs.stored("scores", options.out)
        separation, verdict = _analyse(options, claims, scores, set_infos, infos)
        writer.write("separation", separation)
        writer.write("verdict", verdict)
        _report(options, runs.Run(options.out, separation, verdict, set_infos, infos, facts, claims, scores))
        more: dict[str, Any] = {}
        if options.engine == "local":  # elsewhere the memory is that of other machines
            more["peak_memory_mib"] = peak_memory_mib()
        if options.dtype != "float32":  # last: float32 weights are no part of what the run needs
            more["precision"] = _precision(options, names_of(scores_of), claims, scores, infos)
        writer.complete(**more)
    return runs.load_run(options.out)


def _check(options: Options) -> None:
    asked = {"--model": options.model, "--claims": options.claims}
    if options.score is not None:
        asked["--score"] = options.score
    for option, given in asked.items():
        if not given:
            raise BadInput(option, "at least one", "none")
        _refuse_doubles(option, list(given))
    for name in options.score or ():
        score(name)
    check_bos(options.bos)
    _check_least(options)
    _placement(options).check(options.device)


def _placement(options: Options) -> Placement:
    return Placement(options.engine, options.workers, options.ray_address)


def _check_least(options: Options) -> None:
    least_of = {"batch_tokens": 1, "limit": 1, "negatives": 1, "seed": 0, "replicates": 2, "workers": 1}
    for name, least in least_of.items():
        value = getattr(options, name)
        if value is not None and value < least:
            raise BadInput(f"--{name.replace('_', '-')}", f"a number of at least {least}", value)


def _refuse_doubles(where: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BadInput(where, "each name once", f"{doubled[0]!r} twice")


def _open_claims(options: Options, source: str) -> "list[ClaimStream]":
    return claim_sets.stream_all(source, negatives=options.negatives, seed=options.seed, limit=options.limit)


def _describe(options: Options, name: str) -> tables.ModelInfo:
    return models.describe(
        name,
        dtype=options.dtype,
        trust_remote_code=options.trust_remote_code,
        allow_pickle=options.allow_pickle,
    )


@dataclass(frozen=True)
class _Opener:
    """Opens a model, in whichever process and on whichever machine it is needed."""

    info: tables.ModelInfo
    device: str
    trust_remote_code: bool
    allow_pickle: bool

    def __call__(self) -> "LoadedModel":
        loaded = models.load(
            self.info.name,
            dtype=self.info.dtype,
            device=self.device,
            trust_remote_code=self.trust_remote_code,
            allow_pickle=self.allow_pickle,
        )
        # Another machine may hold another version under the name, and shards are named by the fingerprint.
        if loaded.info.fingerprint != self.info.fingerprint:
            where = f"model {self.info.name} on {platform.node()}"
            raise BadInput(where, f"fingerprint {self.info.fingerprint}", loaded.info.fingerprint)
        return loaded

    @property
    def needs(self) -> Needs:
        """What a worker that holds the model takes."""
        weight_bytes = 4 if self.info.dtype == "float32" else 2
        memory = WORKER_BYTES + weight_bytes * self.info.n_params
        if self.device == "auto":
            pays = None if _has_accelerator() else PAYING_WEIGHTS // self.info.n_params
            return Needs(memory, "where there is one", pays)
        return Needs(memory, "always" if self.device == "cuda" else "never", PAYING_WEIGHTS // self.info.n_params)


def _has_accelerator() -> bool:
    """Whether torch has a device besides the processor, which processes would have to share."""
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


def _score(
    options: Options,
    writer: runs.RunWriter,
    sets: "list[WrittenSet]",
    scores_of: list[Chosen],
    infos: list[tables.ModelInfo],
) -> None:
    """Compute the shards that are missing, of all models and sets, and assemble `scores.parquet` from all."""
    with _scratch(options.out / ".asked") as folder:
        asked = [Questions(each.rows, folder / str(number)) for number, each in enumerate(sets)]
        plans = [
            Plan(info, questions, each.scores, _settings(options), _opener(options, info))
            for info in infos
            for questions, each in zip(asked, scores_of, strict=True)
        ]
        store = _computed(options, plans)
        parts = (part for plan in plans for part in plan.parts(store.read))
        writer.write_parts("scores", parts)


@contextmanager
def _scratch(folder: Path) -> "Iterator[Path]":
    """A folder that is empty at first, and gone in the end; what a killed run left in it goes too."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(options: Options) -> Settings:
    return Settings(bos=options.bos, batch_tokens=options.batch_tokens, seed=options.seed)


def _opener(options: Options, info: tables.ModelInfo) -> _Opener:
    return _Opener(info, options.device, options.trust_remote_code, options.allow_pickle)


def _computed(options: Options, plans: list[Plan]) -> ShardStore:
    """The store that holds every shard of the plans, those missing computed."""
    tasks = [task for plan in plans for task in plan.tasks]
    store = SharedStore(options.out / "shards") if options.cache else ShardStore(options.out / "shards")
    for now in store.rounds(tasks) if isinstance(store, SharedStore) else [tasks]:
        _compute(options, now, store)
    return store


def _compute(options: Options, tasks: list[ScoringTask], store: ShardStore) -> None:
    needs: dict[Opener, Needs] = {t.opener: t.opener.needs for t in tasks if isinstance(t.opener, _Opener)}
    execution.run(tasks, store, _placement(options), needs, progress=options.progress)


def _precision(
    options: Options, names: tuple[str, ...], claims: Rows, scores: Rows, infos: list[tables.ModelInfo]
) -> list[dict[str, Any]]:
    """The error of each model's reduced precision, measured with the model in float32 on some claims."""
    first = claims.head(PRECISION_CLAIMS, list(tables.COLUMNS["claims"]))
    found = []
    with _scratch(options.out / ".asked") as folder:
        for number, info in enumerate(infos):
            exact = _opener(options, replace(info, dtype="float32"))
            plan = precision.float32_plan(info, names, _settings(options), first, exact, folder / str(number))
            if plan is not None:
                work = partial(_precision_of, options, plan, scores)
                found.append(precision.measured(work, info.name, info.dtype))
    return found


def _precision_of(options: Options, plan: Plan, scores: Rows) -> precision.PrecisionError:
    precision.check_room(plan.model)
    sampled = plan.questions.rows.frame()["claim_id"]
    batches = scores.batches(list(tables.COLUMNS["scores"]))
    own = pd.concat([batch[batch["claim_id"].isin(sampled)] for batch in batches], ignore_index=True)
    return precision.error_of(plan, _computed(options, [plan]).read, own, options.dtype)


def _analyse(
    options: Options,
    claims: Rows,
    scores: Rows,
    set_infos: list[tables.ClaimSetInfo],
    infos: list[tables.ModelInfo],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    from tqdm import tqdm

    from bitsperfact import analysis  # scikit-learn and SciPy are slow to import

    with tqdm(desc="analysing", unit="cell", disable=not options.progress, leave=False) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return analysis.analyse(
            claims, scores, set_infos, infos, options.seed, options.replicates, progress=advance
        )


def _report(options: Options, finished: runs.Run) -> None:
    from bitsperfact import report

    report.write_report(finished, options.out / "report.html")


def _provenance(options: Options, sets: "list[WrittenSet]", scores_of: list[Chosen]) -> dict[str, Any]:
    return runs.provenance(RECORDED, options.command) | {
        "options": {"score": names_of(scores_of)}
        | {k: getattr(options, k) for k in ("negatives", "limit", "seed", "replicates")}
        | {k: getattr(options, k) for k in ("dtype", "device", "bos", "engine", "workers", "cache")},
        "scores_left_out": [asdict(left_out) for each in scores_of for left_out in each.left_out],
        "claims_sha256": {s.info.name: s.fingerprint for s in sets},
    }


def left_out_lines(manifest: "Mapping[str, Any]") -> list[str]:
    """One line for each default score that a claim set of a run could not be given, from its `run.json`."""
    return [f"left out: {each['reason']}" for each in manifest.get("scores_left_out", [])]
