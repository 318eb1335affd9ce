"""One claim set as what is asked of models: each family's requests, sorted once for all models."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from bitsperfact.rows import Rows, rows_of
from bitsperfact.scoring.registry import Score
from bitsperfact.scoring.requests import Family, Form, Request
from bitsperfact.scoring.shards import Asked, Shards, runs_of, sorted_shards, write_shards
from bitsperfact.scoring.unlabelled import UNLABELLED, Unlabelled


class Questions:
    """The requests of the claims `rows`, in files in `folder`, which nothing needs once the claims are scored."""

    def __init__(self, rows: Rows | pd.DataFrame, folder: Path) -> None:
        self.rows = rows_of("claims", rows)
        self._folder = folder
        self._asked: dict[str, Asked] = {}
        self._texts: Shards | None = None
        self._checked: set[str] = set()

    @cached_property
    def name(self) -> str:
        """The claim set's."""
        return str(self.rows.row(0, ["claim_set"])["claim_set"])

    @property
    def unlabelled(self) -> Unlabelled:
        """The claims without the columns that say what is true."""
        return Unlabelled(self.rows)

    def check(self, chosen: Score) -> None:
        """Raise BadInput where a score cannot be made of these claims; each is looked at once, for all models."""
        if chosen.name not in self._checked:
            chosen.check(self.unlabelled)
            self._checked.add(chosen.name)

    def asked(self, family: Family, most: int) -> Asked:
        """Distinct requests of a family, in shards of at most `most`; `slots` of shape (n_claims, per_claim)."""
        if family.name not in self._asked:
            form = family.form(self.unlabelled)
            n, path = self.rows.n_rows * form.per_claim, self._folder / family.name
            asked = sorted_shards(self._built(form), n, most, path)
            self._asked[family.name] = replace(asked, slots=asked.slots.reshape(-1, form.per_claim))
        return self._asked[family.name]

    def texts(self, most: int) -> Shards:
        """Every claim as one text, in the order of the claims, in shards of at most `most`."""
        if self._texts is not None:
            return self._texts
        texts = (
            Request("", text)
            for batch in self.rows.batches(["prefix", "target"])
            for text in batch["prefix"] + batch["target"]
        )
        self._texts = write_shards(runs_of(texts, most), self._folder / "texts")
        return self._texts

    def _built(self, form: Form) -> Iterator[Request]:
        for batch in self.rows.batches(UNLABELLED):
            yield from form.build(batch)
