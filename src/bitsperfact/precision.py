"""What reduced precision costs a run: a sample of its claims is scored in float32 too.

Rounding moves scores, and it makes claims tie whose scores differ; estimates of the divergence live on such
differences, so both are recorded.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring import ClaimRequests, Score, ScoringPlan, Settings
from bitsperfact.scoring.scores import logprob
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    from bitsperfact.models import Opener

#: Claims of a model that are scored again.
SAMPLE = 64

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PrecisionError:
    """How far a model's scores in `dtype` are from those in float32, on `n_claims` claims.

    `median_nats`, `most_nats`: of the absolute differences, `per` token of log-probabilities, or per claim where
    the model gives a claim one logit. `tied`, `tied_float32`: share of the claims (1) whose score another of them
    has as well, in either precision.
    """

    model: str
    dtype: str
    score: str
    n_claims: int
    median_nats: float
    most_nats: float
    per: Literal["token", "claim"]
    tied: float
    tied_float32: float


def float32_plan(
    model: ModelInfo,
    scores: Sequence[Score],
    settings: Settings,
    claims: pd.DataFrame,
    opener: "Opener",
    folder: Path,
) -> ScoringPlan | None:
    """Plan to score a sample of `claims` again in float32, by the first of the `scores` whose reader says how
    rounding shows; None where there is none. `opener` opens the model in float32; `folder` is for the requests.

    Only what the model says of the claim itself is compared, so a score that compares it with other answers of the
    model is done as `logprob`.
    """
    own = next((score for score in scores if score.needs[0].reader.rounding is not None), None)
    if own is None:
        return None
    own = logprob.SCORE if own.needs[0] == logprob.CONDITIONAL else own
    distinct = claims.drop_duplicates(["prefix", "target"])
    sample = distinct.sample(min(SAMPLE, len(distinct)), random_state=settings.seed).sort_index()
    requests = ClaimRequests(sample, folder)
    plan = ScoringPlan(replace(model, dtype="float32"), requests, (own,), settings, opener)
    return plan.surveyed(opener.inputs())


def error_of(
    plan: ScoringPlan, exact: pd.DataFrame, run_scores: pd.DataFrame, scores: Sequence[Score], dtype: str
) -> PrecisionError:
    """Compare the scores table of a `float32_plan`, `exact`, with the run's table of its `scores` in `dtype`."""
    (score,) = plan.scores
    rounding = score.needs[0].reader.rounding
    assert rounding is not None  # or there were no plan
    comparable = [other.name for other in scores if other.needs[0] == score.needs[0]]
    ours = run_scores[(run_scores["model"] == plan.model.name) & run_scores["score"].isin(comparable)]
    ours = ours.drop_duplicates("claim_id").set_index("claim_id").loc[exact["claim_id"]]
    in_float32, rounded = (table[rounding.column].to_numpy(dtype=float) for table in (exact, ours))
    off = np.abs(rounded - in_float32) / (ours["n_tokens"].to_numpy(dtype=float) if rounding.per == "token" else 1)
    return PrecisionError(
        model=plan.model.name,
        dtype=dtype,
        score=score.name,
        n_claims=len(off),
        median_nats=float(np.median(off)),
        most_nats=float(off.max()),
        per=rounding.per,
        tied=tied_share(rounded),
        tied_float32=tied_share(in_float32),
    )


def check_room(model: ModelInfo) -> None:
    """Raise BadInput where free memory does not hold a model in its precision: the system would end the run."""
    import torch

    from bitsperfact.scoring.engine.memory import free_bytes

    needed, free = 4 * model.n_params, free_bytes(torch.device("cpu"))
    if needed > free:
        raise BadInput(f"model {model.name}", f"{needed / 1e9:.3g} GB of free memory", f"{free / 1e9:.3g} GB")


def tied_share(values: Array) -> float:
    """Return the share of values, shape (n,), that occur more than once (1)."""
    return float(pd.Series(values).duplicated(keep=False).mean())


def measured(work: Callable[[], PrecisionError], model: str, dtype: str) -> dict[str, Any]:
    """Return what `run.json` records of one model: its error or, where float32 cannot be had, why not."""
    try:
        return asdict(work())
    except (BadInput, MemoryError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        warnings.warn(f"model {model}: the error of {dtype} is not measured ({reason})", stacklevel=2)
        return {"model": model, "dtype": dtype, "not_measured": reason}


def lines(manifest: Mapping[str, Any]) -> list[str]:
    """Return one line for each model of a run in reduced precision, from its `run.json`."""
    return [_line(found) for found in manifest.get("precision", [])]


def _line(found: Mapping[str, Any]) -> str:
    head = f"{found['dtype']} against float32, {found['model']}"
    if "not_measured" in found:
        return f"{head}: not measured"
    off = f"{found['median_nats']:.2g} nats per {found['per']} off in the median, {found['most_nats']:.2g} at most"
    return (
        f"{head}, {found['n_claims']} claims: {off}; {100 * found['tied']:.3g} % of scores tied "
        f"(float32: {100 * found['tied_float32']:.3g} %)"
    )
