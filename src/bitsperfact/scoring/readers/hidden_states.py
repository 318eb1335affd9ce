"""The hidden state of a causal language model after a text, at one depth: not cached, as it is large."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from bitsperfact.scoring.reader import Reader, Settings
from bitsperfact.scoring.requests import Request

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class HiddenStates(Reader):
    """`hidden`, shape (width,): the output of the layer at `depth` in [0, 1]: 0 embeddings, 1 the last layer."""

    depth: float
    columns: ClassVar = {"hidden": "<f4", "n_tokens": "<i4", "n_bytes": "<i4"}

    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`."""
        from bitsperfact.scoring.engine.inference import last_hidden_states  # torch is slow to import

        _, tokenized = self.encode(loaded.tokenizer, requests, settings)
        hidden = last_hidden_states(loaded, [t.ids for t in tokenized], self.depth, settings.batch_tokens)
        return pd.DataFrame(
            {
                "hidden": list(hidden),
                "n_tokens": [t.n_tokens for t in tokenized],
                "n_bytes": [t.n_bytes for t in tokenized],
            }
        )
