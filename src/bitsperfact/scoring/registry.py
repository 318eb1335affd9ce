"""The scores there are, by name. To add one: write its file with a `SCORE`, and add a line to `_MODULES`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring.requests import Family
from bitsperfact.scoring.unlabelled import Unlabelled
from bitsperfact.tables import ModelInfo

Array = NDArray[np.float64]

_MODULES = {
    "calibrated": "bitsperfact.scoring.calibrated",
    "log_odds": "bitsperfact.scoring.log_odds",
    "logprob": "bitsperfact.scoring.logprob",
    "logprob_mean": "bitsperfact.scoring.logprob_mean",
    "p_true": "bitsperfact.scoring.p_true",
    "pmi": "bitsperfact.scoring.pmi",
    "probe": "bitsperfact.scoring.probe",
}

#: What a run scores with that names no score.
DEFAULT = ("logprob", "calibrated")

#: Was a score: expected and got.
_NO_TESTER = {
    "choice": (
        "one that does not know which claims are facts, such as logprob or calibrated",
        "odds against candidates of which exactly one is a fact; choice_accuracy is measured of every score",
    )
}


def _any_set(claims: Unlabelled) -> None:
    """Every claim set can be asked."""


@dataclass(frozen=True)
class Answers:
    """What the model answered to one family; arrays of shape (n_claims, per_claim)."""

    logprob_sum: Array  # nats, <= 0
    n_tokens: NDArray[np.int64]  # tokens that `logprob_sum` runs over, >= 1


@dataclass(frozen=True)
class TokenScore:
    """A score made of log-probabilities.

    `value(claims, answers)` maps unlabelled claims and the answers to `families`, by family name, to one
    number per claim: shape (n_claims,), any real number, in `unit`. It may depend on the claim, the model and the
    texts of the set, but not on which claims are facts, nor may it take from one claim's truth that another is
    false: only then do bits bound memory. The raw sums and counts that the scores table stores are those of the
    first request of the first family. `check` raises BadInput for claims that the score cannot be made of.
    """

    name: str
    unit: Literal["nats", "log-odds"]
    families: tuple[Family, ...]
    value: Callable[[Unlabelled, dict[str, Answers]], Array]
    check: Callable[[Unlabelled], None] = _any_set


@dataclass(frozen=True)
class Labels:
    """What a supervised score is fitted on and held out by: one of each for every claim, shape (n_claims,)."""

    is_fact: NDArray[np.bool_]
    groups: NDArray[np.str_]
    targets: NDArray[np.str_]


@dataclass(frozen=True)
class HiddenScore:
    """A supervised score made of one hidden state per claim.

    `depth` in [0, 1] says which layer's output is read: 0 the embeddings, 1 the last layer.
    `value(hidden, labels, seed)` maps float32 hidden states (n_claims, width) and the labels to log-odds
    (n_claims,); it must not let a claim's own entity or target inform its value. `check` as for `TokenScore`.
    """

    name: str
    unit: Literal["log-odds"]
    depth: float
    value: Callable[[NDArray[np.float32], Labels, int], Array]
    check: Callable[[Unlabelled], None] = _any_set


@dataclass(frozen=True)
class LogitScore:
    """The score that a model made to judge texts gives a whole claim: its one logit."""

    name: str
    unit: Literal["log-odds"]
    check: Callable[[Unlabelled], None] = _any_set


Score = TokenScore | HiddenScore | LogitScore


def names() -> list[str]:
    """Names of all scores, sorted."""
    return sorted(_MODULES)


def score(name: str) -> Score:
    """Return the score called `name`; raise BadInput, with the names there are, if there is none."""
    if name in _NO_TESTER:
        raise BadInput(f"score {name}", *_NO_TESTER[name])
    if name not in _MODULES:
        raise BadInput("score", f"one of {', '.join(names())}", repr(name))
    found: Score = import_module(_MODULES[name]).SCORE
    return found


def check_fit(model: ModelInfo, scores: Sequence[str], bos: str = "auto") -> None:
    """Raise BadInput where a model cannot be scored so: tokens are foretold by one kind of head, texts judged by
    another, which reads its texts as its tokenizer gives them.
    """
    judges = model.architecture.endswith("ForSequenceClassification")
    for name in scores:
        if isinstance(score(name), LogitScore) != judges:
            expected = "a causal language model" if judges else "a sequence classifier with one logit"
            raise BadInput(f"score {name}, model {model.name}", expected, model.architecture)
    if judges and bos != "auto":
        raise BadInput(f"--bos, model {model.name}", "auto for a model that judges whole texts", repr(bos))
