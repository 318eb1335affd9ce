"""From names of models and claim sets to a finished run folder: what every probe of existing models shares."""

import shutil
import warnings
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bitsperfact import claims as claim_sets
from bitsperfact import console, execution, models, precision, runs, tables
from bitsperfact.errors import BadInput
from bitsperfact.execution import Needs, Opener, Placement, ShardStore
from bitsperfact.options import LEAST, Options, check_least
from bitsperfact.rows import Rows
from bitsperfact.scoring import ClaimRequests, Score, ScoringPlan, ScoringTask, Settings, check_fit, score
from bitsperfact.scoring.cache import CachedStore
from bitsperfact.scoring.chat import check_chat
from bitsperfact.scoring.engine.memory import peak_memory_mib
from bitsperfact.scoring.inspection import examples, lines
from bitsperfact.scoring.registry import ScoresOfSet, distinct, scores_for
from bitsperfact.scoring.survey import SetSurvey, unknown_line
from bitsperfact.scoring.tokens import check_bos
from bitsperfact.scoring.views import Unlabelled
from bitsperfact.workers import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bitsperfact.claims import ClaimStream, WrittenSet

#: Claims, the first of all, that a sample is drawn from to measure reduced precision.
PRECISION_CLAIMS = 100_000
#: Packages whose versions decide numbers, recorded with every run.
RECORDED = ("bitsperfact", "numpy", "pandas", "scikit-learn", "scipy", "tokenizers", "torch", "transformers")


def run(options: Options) -> runs.Run:
    """Score the models on the claim sets, analyse, and leave a complete run folder; resumes what is there.

    Raises BadInput for anything in `options` that cannot be used, before anything is computed where it can be
    told by then. Results stored so far are kept whatever happens later.
    """
    _check(options)
    specs = _specs(options)
    with runs.writing(options.out) as writer:
        streams = [each for source in options.claims for each in _open_claims(options, source)]
        _refuse_doubles("--claims", [s.info.name for s in streams])
        with claim_sets.written(streams, writer.path("claims")) as sets:
            del streams  # with the facts that recipes hold
            scores_of = [scores_for(options.score, Unlabelled(each.rows)) for each in sets]
            openers = [models.opener(spec) for spec in specs]
            infos = [opener.info for opener in openers]
            _refuse_doubles("--model", [info.name for info in infos])
            for info in infos:
                check_fit(info, distinct(scores_of), options.bos, options.chat)
            facts = _provenance(options, sets, scores_of)
            set_infos = [s.info for s in sets]
            writer.begin("scoring", set_infos, infos, **facts)
        found = _score(options, writer, sets, scores_of, openers)
        facts |= found
        claims, scores = runs.stored("claims", options.out), runs.stored("scores", options.out)
        too_long = any(each["n_too_long"] for each in found["tokenization"])
        separation, verdict = _analyse(options, claims, scores, set_infos, infos, too_long)
        writer.write("separation", separation)
        writer.write("verdict", verdict)
        _report(options, runs.Run(options.out, separation, verdict, set_infos, infos, facts, claims, scores))
        more: dict[str, Any] = dict(found)
        if options.engine == "local":  # elsewhere the memory is that of other machines
            more["peak_memory_mib"] = peak_memory_mib()
        if options.dtype != "float32":  # last: float32 weights are no part of what the run needs
            more["precision"] = _precision(options, distinct(scores_of), claims, scores, openers)
        writer.complete(**more)
    return runs.load_run(options.out)


def _check(options: Options) -> None:
    options_given = {"--model": options.model, "--claims": options.claims}
    if options.score is not None:
        options_given["--score"] = options.score
    for option, given in options_given.items():
        if not given:
            raise BadInput(option, "at least one", "none")
        _refuse_doubles(option, list(given))
    _refuse_doubles("--score", [score(name).name for name in options.score or ()])
    check_bos(options.bos)
    check_chat(options.chat)
    check_least(**{name: value for name, value in asdict(options).items() if name in LEAST})
    _placement(options).check(options.device)


def _placement(options: Options) -> Placement:
    return Placement(options.engine, options.workers, options.ray_address)


def _specs(options: Options) -> list[models.ModelSpec]:
    """Return the models, and how each is opened."""
    opened = ("dtype", "device", "trust_remote_code", "allow_pickle", "quantise")
    return [models.ModelSpec(name, **{each: getattr(options, each) for each in opened}) for name in options.model]


def _refuse_doubles(where: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BadInput(where, "each name once", f"{doubled[0]!r} twice")


def _open_claims(options: Options, source: str) -> "list[ClaimStream]":
    return claim_sets.stream_all(
        source,
        negatives=options.negatives,
        seed=options.seed,
        limit=options.limit,
        template=options.template,
    )


def _score(
    options: Options,
    writer: runs.RunWriter,
    sets: "list[WrittenSet]",
    scores_of: list[ScoresOfSet],
    openers: list[models.Opener],
) -> dict[str, list[dict[str, Any]]]:
    """Compute the shards that are missing, of all models and sets, and assemble `scores.parquet` from all.

    Returns, for `run.json`, what tokenizers do to the claims (`tokenization`, see `TokenCounts`), and an example
    of what each model is `sent` for each score; both are made before any model is opened.
    """
    with _scratch(options.out / ".requests") as folder:
        requests = [ClaimRequests(each.rows, folder / str(number)) for number, each in enumerate(sets)]
        sent: dict[tuple[str, str], dict[str, Any]] = {}
        plans = [plan for opener in openers for plan in _plans(options, opener, requests, scores_of, sent)]
        counts = [plan.survey.counts for plan in plans if plan.survey is not None]
        for line in filter(None, map(unknown_line, counts)):
            warnings.warn(line, stacklevel=2)
        store = _computed(options, plans)
        parts = (part for plan in plans for part in plan.parts(store.read))
        writer.write_parts("scores", parts)
    return {"tokenization": [asdict(each) for each in counts], "sent": list(sent.values())}


def _plans(
    options: Options,
    opener: models.Opener,
    requests: list[ClaimRequests],
    scores_of: list[ScoresOfSet],
    sent: dict[tuple[str, str], dict[str, Any]],
) -> list[ScoringPlan]:
    """Return how one model is scored on each claim set, as its tokenizer reads it; put examples into `sent`."""
    inputs = opener.inputs()
    plans = []
    for of_set, each in zip(requests, scores_of, strict=True):
        plan = ScoringPlan(opener.info, of_set, each.scores, _settings(options), opener).surveyed(inputs)
        if plan.survey is not None and plan.survey.too_long.any():
            _check_left(plan.survey, of_set.rows)
        plans.append(plan)
        for example in examples(plan, inputs.tokenizer):
            sent.setdefault((example["model"], example["score"]), example)
    return plans


def _check_left(survey: SetSurvey, claims: Rows) -> None:
    """Raise BadInput where claims that a model can read have no fact, or no non-fact."""
    is_fact = np.concatenate([batch["is_fact"].to_numpy(dtype=bool) for batch in claims.batches(["is_fact"])])
    left, counts = is_fact[~survey.too_long], survey.counts
    if left.all() or not left.any():
        where = f"model {counts.model}, claim set {counts.claim_set}"
        expected = f"facts and non-facts of at most {counts.max_tokens} tokens"
        raise BadInput(where, expected, f"{int(left.sum())} facts, {int((~left).sum())} non-facts")


def shown(options: Options, n_claims: int) -> "Iterator[str]":
    """Yield lines that show what a model is sent for the first claims of a set, and what it answers to each.

    Raises BadInput as `run` does.
    """
    _check(options)
    (source,), (opener,) = options.claims, map(models.opener, _specs(options))
    frame = claim_sets.load(source, seed=options.seed, template=options.template).frame
    with TemporaryDirectory() as folder:
        requests = ClaimRequests(frame, Path(folder))
        scores = scores_for(options.score, requests.unlabelled).scores
        loaded = opener()
        inputs = models.ModelInputs(loaded.tokenizer, models.max_tokens(loaded.model.config))
        plan = ScoringPlan(opener.info, requests, scores, _settings(options), opener).surveyed(inputs)
        for claim in range(min(n_claims, len(frame))):
            for each in plan.scores:
                yield from lines(plan, each, loaded, claim)


@contextmanager
def _scratch(folder: Path) -> "Iterator[Path]":
    """Yield a folder that is empty at first, and gone in the end; what a killed run left in it goes too."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(options: Options) -> Settings:
    return Settings(options.bos, options.chat, options.batch_tokens, options.seed)


def _computed(options: Options, plans: list[ScoringPlan]) -> ShardStore:
    """Return the store that holds every shard of the plans, those missing computed."""
    tasks = [task for plan in plans for task in plan.tasks]
    store = CachedStore(options.out / "shards") if options.cache else ShardStore(options.out / "shards")
    for now in store.rounds(tasks) if isinstance(store, CachedStore) else [tasks]:
        _compute(options, now, store)
    return store


def _compute(options: Options, tasks: list[ScoringTask], store: ShardStore) -> None:
    needs: dict[Opener, Needs] = {
        t.opener: needs_of(t.opener) for t in tasks if isinstance(t.opener, models.Opener)
    }
    execution.run(tasks, store, _placement(options), needs, progress=options.progress)


def _precision(
    options: Options, made: tuple[Score, ...], claims: Rows, scores: Rows, openers: list[models.Opener]
) -> list[dict[str, Any]]:
    """Return the error of each model's reduced precision, measured with the model in float32 on some claims."""
    first = claims.head(PRECISION_CLAIMS, list(tables.COLUMNS["claims"]))
    found = []
    with _scratch(options.out / ".requests") as folder:
        for number, opener in enumerate(openers):
            info, exact = opener.info, opener.in_dtype("float32")
            plan = precision.float32_plan(info, made, _settings(options), first, exact, folder / str(number))
            if plan is not None:
                work = partial(_precision_of, options, plan, made, scores)
                found.append(precision.measured(work, info.name, info.dtype))
    return found


def _precision_of(
    options: Options, plan: ScoringPlan, made: tuple[Score, ...], scores: Rows
) -> precision.PrecisionError:
    precision.check_room(plan.model)
    sampled = plan.requests.rows.frame()["claim_id"]
    batches = scores.batches(list(tables.COLUMNS["scores"]))
    own = pd.concat([batch[batch["claim_id"].isin(sampled)] for batch in batches], ignore_index=True)
    exact = plan.assemble(_computed(options, [plan]).read)
    return precision.error_of(plan, exact, own, made, options.dtype)


def _analyse(
    options: Options,
    claims: Rows,
    scores: Rows,
    set_infos: list[tables.ClaimSetInfo],
    infos: list[tables.ModelInfo],
    is_partial: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    from bitsperfact import analysis  # scikit-learn and SciPy are slow to import

    with console.progress("analysing", "cell", shown=options.progress) as advance:
        return analysis.analyse(
            claims, scores, set_infos, infos, options.seed, options.replicates, advance, partial=is_partial
        )


def _report(options: Options, finished: runs.Run) -> None:
    from bitsperfact import report

    report.write_report(finished, options.out / "report.html")


def _provenance(options: Options, sets: "list[WrittenSet]", scores_of: list[ScoresOfSet]) -> dict[str, Any]:
    return runs.provenance(RECORDED, options.command) | {
        "options": {"score": [each.name for each in distinct(scores_of)]}
        | {k: getattr(options, k) for k in ("template", "negatives", "limit", "seed", "replicates")}
        | {k: getattr(options, k) for k in ("dtype", "device", "quantise", "bos", "chat")}
        | {k: getattr(options, k) for k in ("engine", "workers", "cache")},
        "scores_left_out": [asdict(skipped) for each in scores_of for skipped in each.skipped],
        "claims_sha256": {s.info.name: s.fingerprint for s in sets},
        "claims_notes": {s.info.name: [asdict(note) for note in s.notes] for s in sets if s.notes},
    }


def left_out_lines(manifest: "Mapping[str, Any]") -> list[str]:
    """One line for each default score that a claim set could not be given, and for what is no claim of its source.

    From a run's `run.json`.
    """
    lines = [f"left out: {each['reason']}" for each in manifest.get("scores_left_out", [])]
    for name, notes in manifest.get("claims_notes", {}).items():
        lines += claim_sets.note_lines(name, [claim_sets.Note(**note) for note in notes])
    return lines
