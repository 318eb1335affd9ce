"""log P(continuation | context), in nats, by a causal language model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from bitsperfact.scoring.reader import Reader, Rounding, Settings
from bitsperfact.scoring.requests import Request

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class LogProbabilities(Reader):
    """`logprob_sum` (nats, <= 0) of the continuation's `n_tokens`, and whether the boundary cuts no token."""

    columns: ClassVar = {"logprob_sum": "<f8", "n_tokens": "<i4", "n_bytes": "<i4", "boundary_ok": "?"}
    cache_names: ClassVar[tuple[str, ...] | None] = ()  # the only rows there were when caches had no names
    rounding: ClassVar = Rounding("logprob_sum", "token")

    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`."""
        from bitsperfact.scoring.engine.inference import logprob_sums  # torch is slow to import
        from bitsperfact.scoring.tokens import Encoder

        tokenized = Encoder(loaded.tokenizer, settings.bos).encode(requests)
        return pd.DataFrame(
            {
                "logprob_sum": logprob_sums(loaded, tokenized, settings.batch_tokens),
                "n_tokens": [t.n_tokens for t in tokenized],
                "n_bytes": [t.n_bytes for t in tokenized],
                "boundary_ok": [t.boundary_ok for t in tokenized],
            }
        )
