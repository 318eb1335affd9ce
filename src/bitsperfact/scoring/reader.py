"""What a loaded model can be asked: a reader answers requests, one row each. One file each in `readers`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import pandas as pd

from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import BOS_POLICIES
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class Settings:
    """What, besides the claims, decides a model's numbers; `bos` is one of `tokens.BOS_POLICIES`.

    `batch_tokens` (tokens per pass, None for what suits the device) does so only up to rounding.
    """

    bos: str = "auto"
    batch_tokens: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class ModelKind:
    """A kind of model, in words, and the start-token policies that it can be asked under."""

    what: str
    is_classifier: bool
    bos: tuple[str, ...] = BOS_POLICIES

    def fits(self, model: ModelInfo) -> bool:
        """Return whether a model is of this kind, by its class in transformers."""
        return model.architecture.endswith("ForSequenceClassification") == self.is_classifier


CAUSAL = ModelKind("a causal language model", is_classifier=False)
#: A classifier reads whole texts as its tokenizer gives them.
CLASSIFIER = ModelKind("a sequence classifier with one logit", is_classifier=True, bos=("auto",))


class Rounding(NamedTuple):
    """Which column of the scores table shows the rounding of reduced precision, and what it grows with."""

    column: Literal["logprob_sum", "value"]
    per: Literal["token", "claim"]


class Reader(ABC):
    """Answers requests with a loaded model; a value that can be pickled: a frozen dataclass of a module.

    `kind`: the models that can be asked. `columns`: the numbers of a row, name -> numpy type, `n_tokens` and
    `n_bytes` among them; one may be an array. Where rows are few bytes they may be cached for later runs: then
    `cache_names`, not None, tell them from other readers' rows. `rounding`: None where precision is not compared.
    `reads_last`: whether the model reads a request's last token, or only says how likely it is.
    """

    kind: ClassVar[ModelKind] = CAUSAL
    columns: ClassVar[Mapping[str, str]]
    cache_names: ClassVar[tuple[str, ...] | None] = None
    rounding: ClassVar[Rounding | None] = None
    reads_last: ClassVar[bool] = True

    @abstractmethod
    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`, one row for each request, in order."""
