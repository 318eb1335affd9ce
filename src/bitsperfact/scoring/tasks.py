"""Claims, models and scores as tasks: what must be computed, in shards that are stored, and their assembly.

A shard is some requests of one family over one claim set: neighbours in the order of their text, and whole
contexts, because the engine computes what the requests of a shard have in common once. Its key is a hash of all
that its numbers depend on, so a stored shard is right for whoever asks for it again, and for nobody else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from bitsperfact import tables
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.scoring.registry import (
    UNLABELLED,
    Answers,
    Array,
    HiddenScore,
    LogitScore,
    TokenScore,
    check_fit,
    score,
)
from bitsperfact.scoring.requests import Family, Request
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel

Item = TypeVar("Item")

#: Changes whenever stored shards of older code must not be read again.
FORMAT = "2"
#: Requests per shard, about: what a kill can cost, and how fine the progress bar is.
SHARD_REQUESTS = 512


@dataclass(frozen=True)
class Settings:
    """What, besides the claims, decides a model's numbers; `bos` is one of `tokens.BOS_POLICIES`.

    `batch_tokens` (tokens per pass, None for what suits the device) does so only up to rounding.
    """

    bos: str = "auto"
    batch_tokens: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class ScoringTask:
    """One shard to compute: `run` returns its table, given the model that `opener` opens. Tasks can be pickled."""

    key: str
    n_items: int
    label: str
    opener: "Callable[[], LoadedModel]"
    run: "Callable[[LoadedModel], pd.DataFrame]"


@dataclass(frozen=True)
class Plan:
    """How the scores of one model on one claim set are computed: its `tasks`, then `assemble` on their results.

    Raises BadInput where the model cannot be scored so (see `registry.check_fit`).
    """

    model: ModelInfo
    claims: pd.DataFrame
    scores: tuple[str, ...]
    settings: Settings
    open_model: "Callable[[], LoadedModel]"

    def __post_init__(self) -> None:
        check_fit(self.model, self.scores, self.settings.bos)

    @cached_property
    def unlabelled(self) -> pd.DataFrame:
        """The claims without the columns that say what is true."""
        return self.claims.loc[:, UNLABELLED].reset_index(drop=True)

    @cached_property
    def families(self) -> dict[str, Family]:
        """Families of requests that the scores need, each once."""
        wanted = [f for name in self.scores if isinstance(s := score(name), TokenScore) for f in s.families]
        return {family.name: family for family in wanted}

    @cached_property
    def asked(self) -> dict[str, list[Request]]:
        """Every claim's requests, by family, `per_claim` in a row for each claim."""
        return {name: list(family.build(self.unlabelled)) for name, family in self.families.items()}

    @cached_property
    def shards(self) -> dict[str, list[ScoringTask]]:
        """Tasks by family, or by score for hidden states and logits."""
        token_shards = {
            name: [self._token_task(name, part) for part in shards_of(asked)] for name, asked in self.asked.items()
        }
        texts = list(self.unlabelled["prefix"] + self.unlabelled["target"])
        hidden_shards = {
            name: [self._hidden_task(name, s.depth, part) for part in _runs(texts)]
            for name in self.scores
            if isinstance(s := score(name), HiddenScore)
        }
        logit_shards = {
            name: [
                self._task(name, part, partial(_judge, self.settings, part), len(part)) for part in _runs(texts)
            ]
            for name in self.scores
            if isinstance(score(name), LogitScore)
        }
        return token_shards | hidden_shards | logit_shards

    @property
    def tasks(self) -> list[ScoringTask]:
        """Every shard to compute, in order."""
        return [task for shards in self.shards.values() for task in shards]

    def _task(
        self, kind: str, parts: Sequence[str], run: "Callable[[LoadedModel], pd.DataFrame]", n_items: int
    ) -> ScoringTask:
        key = sha256_of_text(FORMAT, kind, self.model.fingerprint, self.model.dtype, self.settings.bos, *parts)
        label = f"{self.model.name} · {self.claims['claim_set'].iloc[0]}"
        return ScoringTask(key[:32], n_items, label, self.open_model, run)

    def _token_task(self, family: str, part: list[Request]) -> ScoringTask:
        texts = [text for request in part for text in request]
        answering = Answering(self.model.fingerprint, self.model.dtype, self.settings, tuple(part))
        return self._task(family, texts, answering, len(part))

    def _hidden_task(self, name: str, depth: float, part: list[str]) -> ScoringTask:
        return self._task(f"{name}@{depth}", part, partial(_represent, self.settings, part, depth), len(part))

    def assemble(self, read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
        """Return the scores table of this model and claim set; `read` returns a finished shard by its key."""
        frames = {
            name: pd.concat([read(task.key) for task in shards], ignore_index=True)
            for name, shards in self.shards.items()
        }
        return pd.concat([self._score_table(name, frames) for name in self.scores], ignore_index=True)

    def raw(self, name: str, read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
        """What the model said of each claim, before a score is made of it: for the score's first request, columns
        `logprob_sum` (nats) or, of a logit, `logit`, and `n_tokens`, `n_bytes`. `read` as for `assemble`.
        """
        chosen = score(name)
        kind = chosen.families[0].name if isinstance(chosen, TokenScore) else name
        frames = {kind: pd.concat([read(task.key) for task in self.shards[kind]], ignore_index=True)}
        if not isinstance(chosen, TokenScore):
            return frames[kind]
        step = chosen.families[0].per_claim
        return self._per_claim(kind, frames).iloc[::step].reset_index(drop=True)

    def _score_table(self, name: str, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
        chosen = score(name)
        if isinstance(chosen, TokenScore):
            raw = self._per_claim(chosen.families[0].name, frames).iloc[:: chosen.families[0].per_claim]
            value = chosen.value(self.unlabelled, {f.name: self._answers(f, frames) for f in chosen.families})
        elif isinstance(chosen, LogitScore):
            raw = frames[name].assign(logprob_sum=np.nan, boundary_ok=True)
            value = raw["logit"].to_numpy(dtype=float)
        else:
            raw = frames[name].assign(logprob_sum=np.nan, boundary_ok=True)
            value = chosen.value(
                np.stack(raw["hidden"].to_list()),
                self.claims["is_fact"].to_numpy(dtype=bool),
                self.claims["group"].to_numpy(dtype=str),
                self.settings.seed,
            )
        return self._as_scores(name, value, raw.reset_index(drop=True))

    def _as_scores(self, name: str, value: Array, raw: pd.DataFrame) -> pd.DataFrame:
        bad = np.flatnonzero(~np.isfinite(value))
        if len(bad):
            text = self.unlabelled["prefix"].iloc[bad[0]] + self.unlabelled["target"].iloc[bad[0]]
            raise BadInput(
                f"score {name}, model {self.model.name}, claim {text!r}", "a finite score", value[bad[0]]
            )
        identity = {
            "model": self.model.name,
            "revision": self.model.revision,
            "dtype": self.model.dtype,
            "claim_id": self.unlabelled["claim_id"],
            "score": name,
            "value": value,
        }
        columns = {c: raw[c] for c in ("n_tokens", "n_bytes", "logprob_sum", "boundary_ok")}
        return pd.DataFrame(identity | columns)[list(tables.COLUMNS["scores"])]

    def _per_claim(self, family: str, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
        """Answers in the order asked: a request that several claims share was computed once."""
        slot = {request: i for i, request in enumerate(sorted(set(self.asked[family])))}
        return frames[family].iloc[[slot[request] for request in self.asked[family]]].reset_index(drop=True)

    def _answers(self, family: Family, frames: dict[str, pd.DataFrame]) -> Answers:
        table = self._per_claim(family.name, frames)
        shape = (-1, family.per_claim)
        return Answers(
            table["logprob_sum"].to_numpy(dtype=float).reshape(shape),
            table["n_tokens"].to_numpy(dtype=int).reshape(shape),
        )


@dataclass(frozen=True)
class Answering:
    """Computes what a model answers to requests: one row each. `fingerprint` and `dtype` are the model's."""

    fingerprint: str
    dtype: str
    settings: Settings
    requests: tuple[Request, ...]

    def __call__(self, loaded: "LoadedModel") -> pd.DataFrame:
        """Return `logprob_sum` (nats), `n_tokens`, `n_bytes` and `boundary_ok`."""
        from bitsperfact.scoring.engine import logprob_sums  # torch is slow to import
        from bitsperfact.scoring.tokens import Encoder

        tokenized = Encoder(loaded.tokenizer, self.settings.bos).encode(self.requests)
        return pd.DataFrame(
            {
                "logprob_sum": logprob_sums(loaded, tokenized, self.settings.batch_tokens),
                "n_tokens": [t.n_tokens for t in tokenized],
                "n_bytes": [t.n_bytes for t in tokenized],
                "boundary_ok": [t.boundary_ok for t in tokenized],
            }
        )


def _represent(settings: Settings, part: Sequence[str], depth: float, loaded: "LoadedModel") -> pd.DataFrame:
    from bitsperfact.scoring.engine import last_hidden_states
    from bitsperfact.scoring.tokens import Encoder

    tokenized = Encoder(loaded.tokenizer, settings.bos).encode([Request("", text) for text in part])
    hidden = last_hidden_states(loaded, [t.ids for t in tokenized], depth, settings.batch_tokens)
    return pd.DataFrame(
        {
            "hidden": list(hidden),
            "n_tokens": [t.n_tokens for t in tokenized],
            "n_bytes": [t.n_bytes for t in tokenized],
        }
    )


def _judge(settings: Settings, part: Sequence[str], loaded: "LoadedModel") -> pd.DataFrame:
    from bitsperfact.scoring.judging import own_logits

    ids = loaded.tokenizer(list(part))["input_ids"]
    logits = own_logits(loaded, ids, settings.batch_tokens)
    n_bytes = [len(text.encode()) for text in part]
    return pd.DataFrame({"logit": logits, "n_tokens": [len(each) for each in ids], "n_bytes": n_bytes})


def shards_of(asked: Sequence[Request]) -> list[list[Request]]:
    """Distinct requests, sorted, in shards that cut no context.

    A shard has at most `SHARD_REQUESTS` requests; a context with more has shards of its own.
    """
    shards: list[list[Request]] = []
    for _, group in groupby(sorted(set(asked)), key=lambda request: request.context):
        for run in _runs(list(group)):
            if shards and len(shards[-1]) + len(run) <= SHARD_REQUESTS:
                shards[-1] += run
            else:
                shards.append(run)
    return shards


def _runs(items: Sequence[Item]) -> list[list[Item]]:
    return [list(items[i : i + SHARD_REQUESTS]) for i in range(0, len(items), SHARD_REQUESTS)]
