"""The scores there are, by name. To add one: write its file with a `SCORE`, and add a line to `_MODULES`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.rows import Rows
from bitsperfact.scoring.requests import Family
from bitsperfact.tables import ModelInfo

Array = NDArray[np.float64]

_MODULES = {
    "choice": "bitsperfact.scoring.choice",
    "log_odds": "bitsperfact.scoring.log_odds",
    "logprob": "bitsperfact.scoring.logprob",
    "logprob_mean": "bitsperfact.scoring.logprob_mean",
    "p_true": "bitsperfact.scoring.p_true",
    "pmi": "bitsperfact.scoring.pmi",
    "probe": "bitsperfact.scoring.probe",
}

#: Columns of a claims table that an unsupervised score may see.
UNLABELLED = ["claim_id", "claim_set", "group", "prefix", "target"]


@dataclass(frozen=True)
class Unlabelled:
    """The claims of one set, as far as an unsupervised score may see them, in batches of columns."""

    _rows: Rows

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield the claims in order; ValueError for a column that says what is true."""
        return self._rows.batches(_checked(columns))

    def row(self, at: int, columns: Sequence[str]) -> "pd.Series[Any]":
        """One claim, by its position."""
        return self._rows.row(at, _checked(columns))


def _checked(columns: Sequence[str]) -> Sequence[str]:
    if not set(columns) <= set(UNLABELLED):
        raise ValueError(f"columns must be some of {', '.join(UNLABELLED)}, not {columns!r}")
    return columns


@dataclass(frozen=True)
class Answers:
    """What the model answered to one family; arrays of shape (n_claims, per_claim)."""

    logprob_sum: Array  # nats, <= 0
    n_tokens: NDArray[np.int64]  # tokens that `logprob_sum` runs over, >= 1


@dataclass(frozen=True)
class TokenScore:
    """A score made of log-probabilities.

    `value(claims, answers)` maps unlabelled claims and the answers to `families`, by family name, to one
    number per claim: shape (n_claims,), any real number, in `unit`. The raw sums and counts that the scores
    table stores are those of the first request of the first family.
    """

    name: str
    unit: Literal["nats", "log-odds"]
    families: tuple[Family, ...]
    value: Callable[[Unlabelled, dict[str, Answers]], Array]


@dataclass(frozen=True)
class HiddenScore:
    """A supervised score made of one hidden state per claim.

    `depth` in [0, 1] says which layer's output is read: 0 the embeddings, 1 the last layer.
    `value(hidden, is_fact, groups, seed)` maps float32 hidden states (n_claims, width), boolean labels and
    entities (n_claims,) to log-odds (n_claims,); it must not let a claim's own entity inform its value.
    """

    name: str
    unit: Literal["log-odds"]
    depth: float
    value: Callable[[NDArray[np.float32], NDArray[np.bool_], NDArray[np.str_], int], Array]


@dataclass(frozen=True)
class LogitScore:
    """The score that a model made to judge texts gives a whole claim: its one logit."""

    name: str
    unit: Literal["log-odds"]


Score = TokenScore | HiddenScore | LogitScore


def names() -> list[str]:
    """Names of all scores, sorted."""
    return sorted(_MODULES)


def score(name: str) -> Score:
    """Return the score called `name`; raise BadInput, with the names there are, if there is none."""
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
