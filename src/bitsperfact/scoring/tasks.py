"""Claims, models and scores as tasks: what must be computed, in shards that are stored, and their assembly.

A shard is some requests of one need over one claim set: neighbours in the order of their text, and whole contexts,
because the engine computes what the requests of a shard have in common once. Its key is a hash of all that its
numbers depend on, so a stored shard is right for whoever asks for it again, and for nobody else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.scoring.answers import columns_of
from bitsperfact.scoring.claim_requests import ClaimRequests
from bitsperfact.scoring.needs import Need
from bitsperfact.scoring.reader import Reader, Settings
from bitsperfact.scoring.registry import check_fit
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.score import Answers, Array, Score, ScoreInput
from bitsperfact.scoring.shards import Shards
from bitsperfact.scoring.survey import SetSurvey, survey
from bitsperfact.scoring.surveyed import NeedSurvey, SurveyedShards, moved
from bitsperfact.scoring.views import Labelled
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel, ModelInputs

#: Changes whenever stored shards of older code must not be read again.
FORMAT = "2"
#: Requests per shard, about: what a kill can cost, and how fine the progress bar is.
SHARD_REQUESTS = 512


@dataclass(frozen=True)
class Reading:
    """Computes the table of some requests with a loaded model; a value that other processes can be handed.

    `purpose`: the claim set and the scores that the requests are for, in words.
    """

    reader: Reader
    settings: Settings
    purpose: str
    requests: tuple[Request, ...]

    def __call__(self, loaded: "LoadedModel") -> pd.DataFrame:
        """Return the reader's table, one row for each request; BadInput says what the requests were for."""
        try:
            return self.reader.read(loaded, self.requests, self.settings)
        except BadInput as error:
            raise type(error)(f"{error.where}, {self.purpose}", error.expected, error.got) from None


#: Requests -> what computes their table with a model.
Read = Callable[[tuple[Request, ...]], "Callable[[LoadedModel], pd.DataFrame]"]


@dataclass(frozen=True, eq=False)
class ScoringTask:
    """One shard to compute: number `at` of `shards`, whose requests are read when they are needed.

    `cached_for` names what `numbers_of` does and the reader that cached rows are of; None where the reader's are
    not cached.
    """

    key: str
    n_items: int
    label: str
    opener: "Callable[[], LoadedModel]"
    shards: Shards | SurveyedShards
    at: int
    reader: Reader
    cached_for: tuple[str, ...] | None
    read: Read

    @property
    def requests(self) -> tuple[Request, ...]:
        """Read the requests."""
        return self.shards.read(self.at)

    @property
    def run(self) -> "Callable[[LoadedModel], pd.DataFrame]":
        """Read the requests; what is returned can be pickled, and returns their table, given the opened model."""
        return self.read(self.requests)


@dataclass(frozen=True)
class ScoringPlan:
    """How the scores of one model on one claim set are computed: its `tasks`, then `parts` from their results.

    `survey` says how the model reads the set's requests; without one they are read as they are, and none may be
    too long. Raises BadInput where the model cannot be scored so (see `registry.check_fit`), or the set
    (`Score.check`).
    """

    model: ModelInfo
    requests: ClaimRequests
    scores: tuple[Score, ...]
    settings: Settings
    open_model: "Callable[[], LoadedModel]"
    survey: SetSurvey | None = None

    def __post_init__(self) -> None:
        check_fit(self.model, self.scores, self.settings.bos, self.settings.chat)
        for score in self.scores:
            self.requests.check(score)

    def surveyed(self, inputs: "ModelInputs") -> "ScoringPlan":
        """Return the plan with a survey, by what the model takes in; BadInput where every claim is too long."""
        found = survey(self.model.name, self.requests, self._needs.values(), SHARD_REQUESTS, inputs, self.settings)
        return replace(self, survey=found)

    @property
    def _needs(self) -> dict[str, Need]:
        return {need.name: need for score in self.scores for need in score.needs}

    @cached_property
    def shards(self) -> dict[str, list[ScoringTask]]:
        """Tasks by the name of the need that they are part of; needs that scores share come once."""
        return {name: self._tasks(need) for name, need in self._needs.items()}

    @property
    def tasks(self) -> list[ScoringTask]:
        """Every shard to compute, in order."""
        return [task for shards in self.shards.values() for task in shards]

    def _tasks(self, need: Need) -> list[ScoringTask]:
        reader = need.reader
        decided_by = (*numbers_of(self.model, self.settings), *reader.chat_names(self.settings))
        cached_for = None if reader.cache_names is None else (*decided_by, *reader.cache_names)
        label = f"{self.model.name} · {self.requests.name}"
        given = self.requests.sharded(need, SHARD_REQUESTS).shards
        found = self._survey_of(need)
        shards = given if found is None else SurveyedShards(given, found)
        made = ", ".join(score.name for score in self.scores if need.name in {each.name for each in score.needs})
        read = partial(Reading, reader, self.settings, f"claim set {self.requests.name}, score {made}")
        tasks = []
        for at in np.flatnonzero(shards.sizes).tolist():
            n_items = int(shards.sizes[at])
            key = sha256_of_text(FORMAT, need.name, *decided_by, *_texts(need, shards.read(at)))[:32]
            tasks.append(ScoringTask(key, n_items, label, self.open_model, shards, at, reader, cached_for, read))
        return tasks

    def requests_of(self, need: Need, claim: int) -> list[Request]:
        """Return what one need of a score asks about one claim, by its place in the set, as the model reads it."""
        sharded, found = self.requests.sharded(need, SHARD_REQUESTS), self._survey_of(need)
        ends = np.cumsum(sharded.shards.sizes)
        requests = []
        for slot in sharded.slots[claim].tolist():
            at = int(np.searchsorted(ends, slot, side="right"))
            request = sharded.shards.read(at)[slot - int(ends[at])]  # counted from the shard's end
            requests.append(request if found is None else moved(request, int(found.moved[slot])))
        return requests

    def _survey_of(self, need: Need) -> NeedSurvey | None:
        return None if self.survey is None else self.survey.needs.get(need.name)

    def assemble(self, read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
        """Return the scores table of this model and claim set; `read` returns a finished shard by its key."""
        return pd.concat(self.parts(read), ignore_index=True)

    def parts(self, read: Callable[[str], pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield the rows of the scores table, one score after the other, batch by batch."""
        kept: dict[str, Answers] = {}
        for number, score in enumerate(self.scores):
            for need in score.needs:
                if need.name not in kept:
                    kept[need.name] = self._answers(need, read)
            claims = Labelled(self.requests.rows) if score.supervised else self.requests.unlabelled
            answers = {need.name: kept[need.name] for need in score.needs}
            value = score.value(ScoreInput(claims, answers, self.settings.seed))
            yield from self._rows(score, value, answers[score.needs[0].name])
            # What no later score reads goes: hidden states may be most of the memory.
            later = {need.name for other in self.scores[number + 1 :] for need in other.needs}
            kept = {name: each for name, each in kept.items() if name in later}

    def _answers(self, need: Need, read: Callable[[str], pd.DataFrame]) -> Answers:
        columns = columns_of(self.shards[need.name], read, need.reader.columns)
        if (found := self._survey_of(need)) is not None:
            columns = found.completed(columns, need.reader.columns)
        return Answers(columns, self.requests.sharded(need, SHARD_REQUESTS).slots)

    def _rows(self, score: Score, value: Array, raw: Answers) -> Iterator[pd.DataFrame]:
        kept = np.ones(len(value), dtype=bool) if self.survey is None else ~self.survey.too_long
        bad = np.flatnonzero(~np.isfinite(value) & kept)
        if len(bad):
            text = "".join(self.requests.rows.row(int(bad[0]), ["prefix", "target"]))
            where = f"score {score.name}, model {self.model.name}, claim {text!r}"
            raise BadInput(where, "a finite score", value[bad[0]])
        start = 0
        for batch in self.requests.rows.batches(["claim_id"]):
            here = slice(start, start := start + len(batch))
            identity = {
                "model": self.model.name,
                "revision": self.model.revision,
                "dtype": self.model.dtype,
                "claim_id": batch["claim_id"],
                "score": score.name,
                "value": value[here],
            }
            frame = pd.DataFrame(identity | _raw_columns(raw, here))[list(tables.COLUMNS["scores"])]
            if kept[here].any():
                yield frame[kept[here]]


def numbers_of(model: ModelInfo, settings: Settings) -> tuple[str, ...]:
    """Return all that decides a model's numbers but the requests: part of every key that they are stored under.

    The versions of what reads models and text belong to it, for a run's own shards too: releases of both have
    changed tokens, and a run that goes on under another must not mix two kinds of numbers in one table.
    """
    versions = (f"{name} {version(name)}" for name in ("transformers", "tokenizers"))
    return (model.fingerprint, model.dtype, settings.bos, *versions)


def _texts(need: Need, requests: tuple[Request, ...]) -> list[str]:
    """Return what a shard's key says of its requests; whole ones have no context."""
    if need.whole:
        return [request.continuation for request in requests]
    return [text for request in requests for text in request]


def _raw_columns(answers: Answers, here: slice) -> dict[str, NDArray[Any]]:
    """Return what the scores table says of each claim's first request, with no sum where the reader makes none."""
    slots = answers.slots[here, 0]
    lacking = {"logprob_sum": np.full(len(slots), np.nan), "boundary_ok": np.full(len(slots), fill_value=True)}
    return lacking | {name: column[slots] for name, column in answers.columns.items() if column.ndim == 1}
