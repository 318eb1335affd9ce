"""log P(continuation | context), in nats, by a causal language model; and the same tokens without the context."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from bitsperfact.scoring.reader import Reader, Rounding, Settings
from bitsperfact.scoring.requests import Request

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel
    from bitsperfact.scoring.tokens import Encoder, TokenizedRequest


@dataclass(frozen=True)
class LogProbabilities(Reader):
    """`logprob_sum` (nats, <= 0) of the continuation's `n_tokens`, and whether the boundary cuts no token."""

    columns: ClassVar = {"logprob_sum": "<f8", "n_tokens": "<i4", "n_bytes": "<i4", "boundary_ok": "?"}
    cache_names: ClassVar[tuple[str, ...] | None] = ()  # the only rows there were when caches had no names
    rounding: ClassVar = Rounding("logprob_sum", "token")
    reads_last: ClassVar = False

    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`."""
        from bitsperfact.scoring.engine.inference import logprob_sums  # torch is slow to import
        from bitsperfact.scoring.tokens import Encoder

        tokenized = self._tokenized(Encoder(loaded.tokenizer, settings.bos), requests)
        return pd.DataFrame(
            {
                "logprob_sum": logprob_sums(loaded, tokenized, settings.batch_tokens),
                "n_tokens": [t.n_tokens for t in tokenized],
                "n_bytes": [t.n_bytes for t in tokenized],
                "boundary_ok": [t.boundary_ok for t in tokenized],
            }
        )

    def _tokenized(self, encoder: "Encoder", requests: Sequence[Request]) -> "list[TokenizedRequest]":
        return encoder.encode(requests)


@dataclass(frozen=True)
class UnconditionalLogProbabilities(LogProbabilities):
    """The same columns for the very tokens that a continuation has after its context, as if there were none."""

    cache_names: ClassVar[tuple[str, ...] | None] = ("unconditional",)

    def _tokenized(self, encoder: "Encoder", requests: Sequence[Request]) -> "list[TokenizedRequest]":
        return encoder.unconditional(requests)
