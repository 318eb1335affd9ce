"""One claim set as what is asked of models: each family's requests, sorted once for all models."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pandas as pd

from bitsperfact.rows import Rows, rows_of
from bitsperfact.scoring.registry import UNLABELLED, Unlabelled
from bitsperfact.scoring.requests import Family, Request
from bitsperfact.scoring.shards import Asked, Shards, runs_of, sorted_shards, write_shards


class Questions:
    """The requests of the claims `rows`, in files in `folder`, which nothing needs once the claims are scored."""

    def __init__(self, rows: Rows | pd.DataFrame, folder: Path) -> None:
        self.rows = rows_of("claims", rows)
        self._folder = folder
        self._asked: dict[str, Asked] = {}
        self._texts: Shards | None = None

    @cached_property
    def name(self) -> str:
        """The claim set's."""
        return str(self.rows.row(0, ["claim_set"])["claim_set"])

    @property
    def unlabelled(self) -> Unlabelled:
        """The claims without the columns that say what is true."""
        return Unlabelled(self.rows)

    def asked(self, family: Family, most: int) -> Asked:
        """Distinct requests of a family, in shards of at most `most`."""
        if family.name not in self._asked:
            n = self.rows.n_rows * family.per_claim
            self._asked[family.name] = sorted_shards(self._built(family), n, most, self._folder / family.name)
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

    def _built(self, family: Family) -> Iterator[Request]:
        for batch in self.rows.batches(UNLABELLED):
            yield from family.build(batch)
