"""The one logit that a sequence classifier gives a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from bitsperfact.scoring.reader import CLASSIFIER, Reader, Rounding, Settings
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class ClassifierLogits(Reader):
    """`logit` (log-odds) of a text, which is tokenized as the model's own tokenizer does."""

    kind: ClassVar = CLASSIFIER
    columns: ClassVar = {"logit": "<f8", "n_tokens": "<i4", "n_bytes": "<i4"}
    rounding: ClassVar = Rounding("value", "claim")

    def encode(
        self,
        tokenizer: Any,
        requests: Sequence[Request],
        settings: Settings,  # noqa: ARG002
    ) -> tuple[Sequence[Request], list[TokenizedRequest]]:
        """Return texts and ids, of which none is scored."""
        texts = ["".join(request) for request in requests]
        ids = tokenizer(texts)["input_ids"]
        made = zip(texts, ids, strict=True)
        return requests, [TokenizedRequest(tuple(i), len(i), len(t.encode()), boundary_ok=True) for t, i in made]

    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`."""
        from bitsperfact.scoring.engine.classifier import classifier_logits  # torch is slow to import

        _, tokenized = self.encode(loaded.tokenizer, requests, settings)
        logits = classifier_logits(loaded, [each.ids for each in tokenized], settings.batch_tokens)
        n_tokens, n_bytes = [len(each.ids) for each in tokenized], [each.n_bytes for each in tokenized]
        return pd.DataFrame({"logit": logits, "n_tokens": n_tokens, "n_bytes": n_bytes})
