"""One claim set as what models are asked about it: each need's requests, sorted once for all models."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.rows import Rows, rows_of
from bitsperfact.scoring.needs import Need
from bitsperfact.scoring.requests import Request, RequestBuilder
from bitsperfact.scoring.score import Score
from bitsperfact.scoring.shards import ShardedRequests, runs_of, sorted_shards, write_shards
from bitsperfact.scoring.views import UNLABELLED, Unlabelled


class ClaimRequests:
    """The requests of the claims `rows`, in files in `folder`, which nothing needs once the claims are scored."""

    def __init__(self, rows: Rows | pd.DataFrame, folder: Path) -> None:
        self.rows = rows_of("claims", rows)
        self._folder = folder
        self._needs: dict[str, Need] = {}
        self._sharded: dict[str, ShardedRequests] = {}
        self._checked: set[str] = set()

    @cached_property
    def name(self) -> str:
        """The claim set's."""
        return str(self.rows.row(0, ["claim_set"])["claim_set"])

    @property
    def unlabelled(self) -> Unlabelled:
        """The claims without the columns that say what is true."""
        return Unlabelled(self.rows)

    def check(self, score: Score) -> None:
        """Raise BadInput where a score cannot be made of these claims; each is looked at once, for all models."""
        for need in score.needs:
            if self._needs.setdefault(need.name, need) != need:  # shards would hold another's answers
                raise BadInput(f"score {score.name}", "needs with names of their own", f"another {need.name!r}")
        if score.name not in self._checked:
            score.check(self.unlabelled)
            self._checked.add(score.name)

    def sharded(self, need: Need, most: int) -> ShardedRequests:
        """Return a need's requests in shards of at most `most`; `slots` of shape (n_claims, per_claim)."""
        key = "whole" if need.whole else need.name
        if key not in self._sharded:
            path = self._folder / str(len(self._sharded))
            self._sharded[key] = self._whole(need, most, path) if need.whole else self._sorted(need, most, path)
        return self._sharded[key]

    def _sorted(self, need: Need, most: int, path: Path) -> ShardedRequests:
        builder = need.builder(self.unlabelled)
        made = sorted_shards(self._built(builder), self.rows.n_rows * builder.per_claim, most, path)
        return ShardedRequests(made.shards, made.slots.reshape(-1, builder.per_claim))

    def _whole(self, need: Need, most: int, path: Path) -> ShardedRequests:
        built = self._built(need.builder(self.unlabelled))
        slots = np.arange(self.rows.n_rows, dtype=np.uint32)[:, None]
        return ShardedRequests(write_shards(runs_of(built, most), path), slots)

    def _built(self, builder: RequestBuilder) -> Iterator[Request]:
        for batch in self.rows.batches(UNLABELLED):
            yield from builder.build(batch)
