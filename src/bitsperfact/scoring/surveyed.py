"""The requests of one need as a model reads them: without those that are too long, each from its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.shards import Shards


@dataclass(frozen=True, eq=False)
class NeedSurvey:
    """How a model reads the requests of one need, shapes (n_requests,).

    `moved`: characters at the end of the context that are scored with the continuation; `merged`: whether a token
    spans the boundary of the request's own; `too_long`: whether it has more tokens than the model reads.
    """

    moved: NDArray[np.uint32]
    merged: NDArray[np.bool_]
    too_long: NDArray[np.bool_]

    def completed(self, answers: dict[str, NDArray[Any]], kinds: Mapping[str, str]) -> dict[str, NDArray[Any]]:
        """Return columns of all requests, from those that a model was asked: numbers of the others are NaN, or 0.

        A boundary is not ok where a token spans it, wherever it is scored from.
        """
        if self.too_long.any():
            answers = {name: self._spread(answers.get(name), kind) for name, kind in kinds.items()}
        if "boundary_ok" in answers:
            answers = answers | {"boundary_ok": answers["boundary_ok"] & ~self.merged}
        return answers

    def _spread(self, known: NDArray[Any] | None, kind: str) -> NDArray[Any]:
        lacking = np.nan if np.dtype(kind).kind == "f" else 0
        shape = () if known is None else known.shape[1:]
        column = np.full((len(self.too_long), *shape), lacking, dtype=kind)
        if known is not None:
            column[~self.too_long] = known
        return column

    @property
    def is_plain(self) -> bool:
        """Whether every request is read as it is."""
        return not (self.moved.any() or self.too_long.any())


@dataclass(frozen=True, eq=False)
class SurveyedShards:
    """Shards as a model reads them: without requests that are too long, and scored from one place a context."""

    given: Shards
    survey: NeedSurvey

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.cumsum(self.given.sizes)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Requests of each shard, shape (n_shards,); none where all are too long."""
        parts = np.split(~self.survey.too_long, self._ends[:-1])
        return np.array([int(part.sum()) for part in parts], dtype=np.int64)

    def read(self, at: int) -> tuple[Request, ...]:
        """Return the requests of one shard."""
        here = slice(self._ends[at] - self.given.sizes[at], self._ends[at])
        rows = zip(self.given.read(at), self.survey.moved[here].tolist(), self.survey.too_long[here], strict=True)
        return tuple(moved(request, n) for request, n, too_long in rows if not too_long)


def moved(request: Request, n: int) -> Request:
    """Return a request with the last `n` characters of its context in its continuation."""
    at = len(request.context) - n
    return Request(request.context[:at], request.context[at:] + request.continuation)
