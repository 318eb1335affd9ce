"""What reduced precision costs a run: a sample of its claims is scored in float32 too.

Rounding moves scores, and it makes claims tie whose scores differ; estimates of the divergence live on such
differences, so both are told.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring import Plan, Questions, Settings, score
from bitsperfact.scoring.registry import HiddenScore, LogitScore, TokenScore
from bitsperfact.scoring.requests import CONDITIONAL
from bitsperfact.tables import ModelInfo

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
    scores: Sequence[str],
    settings: Settings,
    claims: pd.DataFrame,
    opener: Callable[[], Any],
    folder: Path,
) -> Plan | None:
    """How a sample of `claims` is scored again in float32, by the first of the `scores` that is not a hidden
    state's; None where there is none. `opener` opens the model in float32; `folder` is for the requests.

    Only what the model says of the claim itself is compared, so a score that compares it with other answers of the
    model is done as `logprob`.
    """
    own = next((name for name in scores if not isinstance(score(name), HiddenScore)), None)
    if own is None:
        return None
    own = "logprob" if _first_asked(own) == CONDITIONAL.name else own
    distinct = claims.drop_duplicates(["prefix", "target"])
    sample = distinct.sample(min(SAMPLE, len(distinct)), random_state=settings.seed).sort_index()
    return Plan(replace(model, dtype="float32"), Questions(sample, folder), (own,), settings, opener)


def error_of(plan: Plan, read: Callable[[str], pd.DataFrame], scores: pd.DataFrame, dtype: str) -> PrecisionError:
    """Compare the finished shards of a `float32_plan` with the run's own scores in `dtype`."""
    name = plan.scores[0]
    is_logit = isinstance(score(name), LogitScore)
    same = scores["score"].map({each: _first_asked(each) for each in scores["score"].unique()})
    ours = scores[(scores["model"] == plan.model.name) & (same == _first_asked(name))]
    ours = ours.drop_duplicates("claim_id").set_index("claim_id").loc[plan.questions.rows.frame()["claim_id"]]
    exact = plan.raw(name, read)["logit" if is_logit else "logprob_sum"].to_numpy(dtype=float)
    rounded = ours["value" if is_logit else "logprob_sum"].to_numpy(dtype=float)
    off = np.abs(rounded - exact) / (1 if is_logit else ours["n_tokens"].to_numpy(dtype=float))
    return PrecisionError(
        model=plan.model.name,
        dtype=dtype,
        score=name,
        n_claims=len(off),
        median_nats=float(np.median(off)),
        most_nats=float(off.max()),
        per="claim" if is_logit else "token",
        tied=tied_share(rounded),
        tied_float32=tied_share(exact),
    )


def _first_asked(name: str) -> str:
    """What a score's raw sums are of: its first family, or the score itself where it has none."""
    chosen = score(name)
    return chosen.families[0].name if isinstance(chosen, TokenScore) else name


def check_room(model: ModelInfo) -> None:
    """Raise BadInput where free memory does not hold a model in its precision: the system would end the run."""
    import torch

    from bitsperfact.scoring.memory import free_bytes

    needed, free = 4 * model.n_params, free_bytes(torch.device("cpu"))
    if needed > free:
        raise BadInput(f"model {model.name}", f"{needed / 1e9:.3g} GB of free memory", f"{free / 1e9:.3g} GB")


def tied_share(values: Array) -> float:
    """Share of values, shape (n,), that occur more than once (1)."""
    return float(pd.Series(values).duplicated(keep=False).mean())


def measured(work: Callable[[], PrecisionError], model: str, dtype: str) -> dict[str, Any]:
    """What `run.json` records of one model: its error or, where float32 cannot be had, why not."""
    try:
        return asdict(work())
    except (BadInput, MemoryError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        warnings.warn(f"model {model}: the error of {dtype} is not measured ({reason})", stacklevel=2)
        return {"model": model, "dtype": dtype, "not_measured": reason}


def lines(manifest: Mapping[str, Any]) -> list[str]:
    """One line for each model of a run in reduced precision, from its `run.json`."""
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
