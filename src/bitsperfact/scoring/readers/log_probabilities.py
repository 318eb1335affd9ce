"""log P(continuation | context), in nats, by a causal language model; and the same tokens without the context."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from bitsperfact.scoring.chat import chat_format
from bitsperfact.scoring.reader import Reader, Rounding, Settings
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import Encoder, TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class LogProbabilities(Reader):
    """`logprob_sum` (nats, <= 0) of the continuation's `n_tokens`, and whether the boundary cuts no token.

    `instruction`, for contexts that ask for an answer: how they end as plain text, and as a message in a chat.
    Without one they are texts to go on with, which stay plain unless chat is `always`.
    """

    instruction: tuple[str, str] | None = None
    columns: ClassVar = {"logprob_sum": "<f8", "n_tokens": "<i4", "n_bytes": "<i4", "boundary_ok": "?"}
    cache_names: ClassVar[tuple[str, ...] | None] = ()  # the only rows there were when caches had no names
    rounding: ClassVar = Rounding("logprob_sum", "token")
    reads_last: ClassVar = False

    def chat_names(self, settings: Settings) -> tuple[str, ...]:
        """Return the names; where a model has no template, its plain rows bear them too."""
        return ("chat", *(self.instruction or ())) if self._chat(settings) != "never" else ()

    def in_chat(self, tokenizer: Any, settings: Settings) -> bool:
        """Return whether there is a template for what is asked."""
        return chat_format(tokenizer, self._chat(settings)) is not None

    def _chat(self, settings: Settings) -> str:
        return "never" if settings.chat == "auto" and self.instruction is None else settings.chat

    def encode(
        self, tokenizer: Any, requests: Sequence[Request], settings: Settings
    ) -> tuple[Sequence[Request], list[TokenizedRequest]]:
        """Return texts and ids. In a chat the template is all that is sent: no start token is added to it."""
        chat, bos = chat_format(tokenizer, self._chat(settings)), settings.bos
        if chat is not None:
            requests = chat.apply([self._message(each) for each in requests])
            bos = "never" if bos == "auto" else bos
        return requests, Encoder(tokenizer, bos).encode(requests)

    def _message(self, request: Request) -> Request:
        if self.instruction is None:
            return request
        plain, in_chat = self.instruction
        return request._replace(context=request.context.removesuffix(plain) + in_chat)

    def token_answers(
        self, loaded: "LoadedModel", tokenized: Sequence[TokenizedRequest], settings: Settings
    ) -> list[list[float]]:
        """Return the log-probability of each scored token given all before it (nats)."""
        from bitsperfact.scoring.engine.inference import logprob_sums  # torch is slow to import

        steps = [
            replace(each, ids=each.ids[: at + 1], n_context=at)
            for each in tokenized
            for at in range(each.n_context, len(each.ids))
        ]
        found = iter(logprob_sums(loaded, steps, settings.batch_tokens).tolist())
        return [list(islice(found, each.n_tokens)) for each in tokenized]

    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`."""
        from bitsperfact.scoring.engine.inference import logprob_sums  # torch is slow to import

        _, tokenized = self.encode(loaded.tokenizer, requests, settings)
        return pd.DataFrame(
            {
                "logprob_sum": logprob_sums(loaded, tokenized, settings.batch_tokens),
                "n_tokens": [t.n_tokens for t in tokenized],
                "n_bytes": [t.n_bytes for t in tokenized],
                "boundary_ok": [t.boundary_ok for t in tokenized],
            }
        )


@dataclass(frozen=True)
class UnconditionalLogProbabilities(LogProbabilities):
    """The same columns for the very tokens that a continuation has after its context, as if there were none."""

    cache_names: ClassVar[tuple[str, ...] | None] = ("unconditional",)

    def encode(
        self, tokenizer: Any, requests: Sequence[Request], settings: Settings
    ) -> tuple[Sequence[Request], list[TokenizedRequest]]:
        """Return texts and ids; in a chat, whose answers have the same tokens after any question, after none."""
        alone = [Request("", each.continuation) for each in requests]
        if self.in_chat(tokenizer, settings):
            return super().encode(tokenizer, alone, settings)
        return alone, Encoder(tokenizer, settings.bos).unconditional(requests)
