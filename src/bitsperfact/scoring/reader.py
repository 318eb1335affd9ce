"""What a loaded model can be asked: a reader answers requests, one row each. One file each in `readers`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import pandas as pd

from bitsperfact.scoring.chat import CHAT_POLICIES
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import BOS_POLICIES, Encoder, TokenizedRequest
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class Settings:
    """What, besides the claims, decides a model's numbers.

    `bos` is one of `tokens.BOS_POLICIES`, `chat` of `chat.CHAT_POLICIES`: `auto` puts prompts into the model's
    chat template where it has one, `always` completions too. `batch_tokens` (tokens per pass, None for what suits
    the device) decides them only up to rounding.
    """

    bos: str = "auto"
    chat: str = "auto"
    batch_tokens: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class ModelKind:
    """A kind of model, in words, and the policies on start tokens and chat that it can be asked under."""

    what: str
    is_classifier: bool
    bos: tuple[str, ...] = BOS_POLICIES
    chat: tuple[str, ...] = CHAT_POLICIES

    def fits(self, model: ModelInfo) -> bool:
        """Return whether a model is of this kind, by its class in transformers."""
        return model.architecture.endswith("ForSequenceClassification") == self.is_classifier


CAUSAL = ModelKind("a causal language model", is_classifier=False)
#: A classifier reads whole texts as its tokenizer gives them.
CLASSIFIER = ModelKind(
    "a sequence classifier with one logit", is_classifier=True, bos=("auto",), chat=("auto", "never")
)


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

    def chat_names(self, settings: Settings) -> tuple[str, ...]:  # noqa: ARG002
        """Return what tells rows of requests put into a chat template from rows of plain ones; () for plain."""
        return ()

    def in_chat(self, tokenizer: Any, settings: Settings) -> bool:  # noqa: ARG002
        """Return whether requests are put into a chat template; raise BadInput where it is asked for in vain."""
        return False

    def encode(
        self, tokenizer: Any, requests: Sequence[Request], settings: Settings
    ) -> tuple[Sequence[Request], list[TokenizedRequest]]:
        """Return the requests as the texts that the tokenizer reads, and as token ids: plain ones by default."""
        return requests, Encoder(tokenizer, settings.bos).encode(requests)

    def token_answers(
        self,
        loaded: "LoadedModel",  # noqa: ARG002
        tokenized: Sequence[TokenizedRequest],
        settings: Settings,  # noqa: ARG002
    ) -> list[list[float]]:
        """Return what is answered about each scored token (nats), for whoever looks at single claims."""
        return [[] for _ in tokenized]

    @abstractmethod
    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`, one row for each request, in order."""
