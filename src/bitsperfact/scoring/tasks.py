"""Claims, models and scores as tasks: what must be computed, in shards that are stored, and their assembly.

A shard is some requests of one family over one claim set: neighbours in the order of their text, and whole
contexts, because the engine computes what the requests of a shard have in common once. Its key is a hash of all
that its numbers depend on, so a stored shard is right for whoever asks for it again, and for nobody else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.scoring.questions import Questions
from bitsperfact.scoring.registry import Array, HiddenScore, Labels, LogitScore, TokenScore, check_fit, score
from bitsperfact.scoring.requests import Family, Request
from bitsperfact.scoring.results import Results, results_of
from bitsperfact.scoring.shards import Shards
from bitsperfact.tables import ModelInfo

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel

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


#: What a task's requests become: something that computes their table with a model.
Ask = Callable[[tuple[Request, ...]], "Callable[[LoadedModel], pd.DataFrame]"]


@dataclass(frozen=True, eq=False)
class ScoringTask:
    """One shard to compute: number `at` of `shards`, whose requests are read when they are needed."""

    key: str
    n_items: int
    label: str
    opener: "Callable[[], LoadedModel]"
    shards: Shards
    at: int
    ask: Ask

    @property
    def run(self) -> "Callable[[LoadedModel], pd.DataFrame]":
        """Read the requests; what is returned can be pickled, and returns their table, given the opened model."""
        return self.ask(self.shards.read(self.at))


@dataclass(frozen=True)
class Plan:
    """How the scores of one model on one claim set are computed: its `tasks`, then `parts` from their results.

    Raises BadInput where the model cannot be scored so (see `registry.check_fit`), or the set (`Score.check`).
    """

    model: ModelInfo
    questions: Questions
    scores: tuple[str, ...]
    settings: Settings
    open_model: "Callable[[], LoadedModel]"

    def __post_init__(self) -> None:
        check_fit(self.model, self.scores, self.settings.bos)
        for name in self.scores:
            self.questions.check(score(name))

    @cached_property
    def families(self) -> dict[str, Family]:
        """Families of requests that the scores need, each once."""
        wanted = [f for name in self.scores if isinstance(s := score(name), TokenScore) for f in s.families]
        return {family.name: family for family in wanted}

    @cached_property
    def shards(self) -> dict[str, list[ScoringTask]]:
        """Tasks by family, or by score for hidden states and logits."""
        ask = partial(Answering, self.model.fingerprint, self.model.dtype, self.settings)
        token_shards = {
            name: self._tasks(name, self.questions.asked(family, SHARD_REQUESTS).shards, _both, ask)
            for name, family in self.families.items()
        }
        whole_shards = {
            s.name: self._tasks(kind, self.questions.texts(SHARD_REQUESTS), _bare, of_whole)
            for s in map(score, self.scores)
            if not isinstance(s, TokenScore)
            for kind, of_whole in (self._of_whole(s),)
        }
        return token_shards | whole_shards

    def _of_whole(self, chosen: HiddenScore | LogitScore) -> tuple[str, Ask]:
        """How shards of whole claims are named, and what computes them."""
        if isinstance(chosen, HiddenScore):
            return f"{chosen.name}@{chosen.depth}", partial(Representing, self.settings, chosen.depth)
        return chosen.name, partial(Judging, self.settings)

    @property
    def tasks(self) -> list[ScoringTask]:
        """Every shard to compute, in order."""
        return [task for shards in self.shards.values() for task in shards]

    def _tasks(
        self, kind: str, shards: Shards, texts_of: Callable[[tuple[Request, ...]], list[str]], ask: Ask
    ) -> list[ScoringTask]:
        identity = (FORMAT, kind, self.model.fingerprint, self.model.dtype, self.settings.bos)
        label = f"{self.model.name} · {self.questions.name}"
        tasks = []
        for at, n_items in enumerate(shards.sizes.tolist()):
            requests = shards.read(at)
            key = sha256_of_text(*identity, *texts_of(requests))[:32]
            tasks.append(ScoringTask(key, n_items, label, self.open_model, shards, at, ask))
        return tasks

    def assemble(self, read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
        """Return the scores table of this model and claim set; `read` returns a finished shard by its key."""
        return pd.concat(self.parts(read), ignore_index=True)

    def raw(self, name: str, read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
        """What the model said of each claim, before a score is made of it: for the score's first request, columns
        `logprob_sum` (nats) or, of a logit, `logit`, and `n_tokens`, `n_bytes`. `read` as for `assemble`.
        """
        chosen = score(name)
        if not isinstance(chosen, TokenScore):
            return pd.concat([read(task.key) for task in self.shards[name]], ignore_index=True)
        first = chosen.families[0]
        slots = self.questions.asked(first, SHARD_REQUESTS).slots[:, 0]
        return pd.DataFrame(results_of(self.shards[first.name], read).columns(slots))

    def parts(self, read: Callable[[str], pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield the rows of the scores table, one score after the other, batch by batch."""
        results = {name: results_of(self.shards[name], read) for name in self.families}
        for name in self.scores:
            chosen = score(name)
            if isinstance(chosen, TokenScore):
                yield from self._token_parts(chosen, results)
            elif isinstance(chosen, HiddenScore):
                yield from self._hidden_parts(chosen, read)
            else:
                raw = self.raw(name, read).assign(logprob_sum=np.nan, boundary_ok=True)
                value = raw["logit"].to_numpy(dtype=float)
                yield from self._as_scores(name, value, Results.of(raw), np.arange(len(value)))

    def _token_parts(self, chosen: TokenScore, results: dict[str, Results]) -> Iterator[pd.DataFrame]:
        slots = {f.name: self.questions.asked(f, SHARD_REQUESTS).slots for f in chosen.families}
        answers = {f.name: results[f.name].answers(slots[f.name]) for f in chosen.families}
        value = chosen.value(self.questions.unlabelled, answers)
        first = chosen.families[0].name
        yield from self._as_scores(chosen.name, value, results[first], slots[first][:, 0])

    def _hidden_parts(self, chosen: HiddenScore, read: Callable[[str], pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """A classifier is fitted on all hidden states: they are in memory together."""
        raw = pd.concat([read(task.key) for task in self.shards[chosen.name]], ignore_index=True)
        columns = pd.concat(self.questions.rows.batches(["is_fact", "group", "target"]), ignore_index=True)
        labels = Labels(
            columns["is_fact"].to_numpy(dtype=bool),
            columns["group"].to_numpy(dtype=str),
            columns["target"].to_numpy(dtype=str),
        )
        value = chosen.value(np.stack(raw["hidden"].to_list()), labels, self.settings.seed)
        results = Results.of(raw.drop(columns="hidden").assign(logprob_sum=np.nan, boundary_ok=True))
        yield from self._as_scores(chosen.name, value, results, np.arange(len(value)))

    def _as_scores(
        self, name: str, value: Array, results: Results, slots: NDArray[np.integer[Any]]
    ) -> Iterator[pd.DataFrame]:
        bad = np.flatnonzero(~np.isfinite(value))
        if len(bad):
            text = "".join(self.questions.rows.row(int(bad[0]), ["prefix", "target"]))
            raise BadInput(
                f"score {name}, model {self.model.name}, claim {text!r}", "a finite score", value[bad[0]]
            )
        start = 0
        for batch in self.questions.rows.batches(["claim_id"]):
            here = slice(start, start := start + len(batch))
            identity = {
                "model": self.model.name,
                "revision": self.model.revision,
                "dtype": self.model.dtype,
                "claim_id": batch["claim_id"],
                "score": name,
                "value": value[here],
            }
            yield pd.DataFrame(identity | results.columns(slots[here]))[list(tables.COLUMNS["scores"])]


def _both(requests: tuple[Request, ...]) -> list[str]:
    return [text for request in requests for text in request]


def _bare(requests: tuple[Request, ...]) -> list[str]:
    """The texts of requests without a context."""
    return [request.continuation for request in requests]


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


@dataclass(frozen=True)
class Representing:
    """Computes hidden states of texts: one row each."""

    settings: Settings
    depth: float
    requests: tuple[Request, ...]

    def __call__(self, loaded: "LoadedModel") -> pd.DataFrame:
        """Return `hidden`, `n_tokens` and `n_bytes`."""
        from bitsperfact.scoring.engine import last_hidden_states
        from bitsperfact.scoring.tokens import Encoder

        tokenized = Encoder(loaded.tokenizer, self.settings.bos).encode(self.requests)
        hidden = last_hidden_states(loaded, [t.ids for t in tokenized], self.depth, self.settings.batch_tokens)
        return pd.DataFrame(
            {
                "hidden": list(hidden),
                "n_tokens": [t.n_tokens for t in tokenized],
                "n_bytes": [t.n_bytes for t in tokenized],
            }
        )


@dataclass(frozen=True)
class Judging:
    """Computes the logit that a classifier gives each text: one row each."""

    settings: Settings
    requests: tuple[Request, ...]

    def __call__(self, loaded: "LoadedModel") -> pd.DataFrame:
        """Return `logit`, `n_tokens` and `n_bytes`."""
        from bitsperfact.scoring.judging import own_logits

        texts = _bare(self.requests)
        ids = loaded.tokenizer(texts)["input_ids"]
        logits = own_logits(loaded, ids, self.settings.batch_tokens)
        n_bytes = [len(text.encode()) for text in texts]
        return pd.DataFrame({"logit": logits, "n_tokens": [len(each) for each in ids], "n_bytes": n_bytes})
