"""The one logit that a sequence classifier gives a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from bitsperfact.scoring.reader import CLASSIFIER, Reader, Rounding, Settings
from bitsperfact.scoring.requests import Request

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class ClassifierLogits(Reader):
    """`logit` (log-odds) of a text, which is tokenized as the model's own tokenizer does."""

    kind: ClassVar = CLASSIFIER
    columns: ClassVar = {"logit": "<f8", "n_tokens": "<i4", "n_bytes": "<i4"}
    rounding: ClassVar = Rounding("value", "claim")

    def read(self, loaded: "LoadedModel", requests: Sequence[Request], settings: Settings) -> pd.DataFrame:
        """Return the table of `columns`."""
        from bitsperfact.scoring.engine.classifier import classifier_logits  # torch is slow to import

        texts = [request.context + request.continuation for request in requests]
        ids = loaded.tokenizer(texts)["input_ids"]
        logits = classifier_logits(loaded, ids, settings.batch_tokens)
        n_bytes = [len(text.encode()) for text in texts]
        return pd.DataFrame({"logit": logits, "n_tokens": [len(each) for each in ids], "n_bytes": n_bytes})
