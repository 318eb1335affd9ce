"""How a model's tokenizer reads the requests of a claim set: from where they are scored, and which are too long.

A tokenizer may merge the end of a context with the beginning of a continuation, and does so for some continuations
only: after "is " it finds "1" as it is, but " Paris" takes the space away. Scored from where each merges,
candidates would be conditioned on different tokens (digits 5 nats cheaper than words). So all continuations of a
context are scored from one place: the end of the longest beginning of the context whose tokens every one of them
keeps. White space that moves in one context of a set moves in all that end in it: else subjects whose candidates
are all numbers would be spared what others pay for. What is left of the context moves to the continuations, as
text, so that a request still says all that its answer depends on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.models import ModelInputs
from bitsperfact.scoring.needs import Need
from bitsperfact.scoring.reader import Settings
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.shards import Shards
from bitsperfact.scoring.surveyed import NeedSurvey
from bitsperfact.scoring.tokens import Encoder, common_prefix_length
from bitsperfact.scoring.views import Unlabelled


@dataclass
class _Context:
    """A context that is being read: tokens that the texts of all its requests so far begin with."""

    text: str
    first: int
    shared: list[int]
    kept: bool = True


class Surveyor:
    """Surveys the requests of needs for one model; raises BadInput for one that yields no token to score."""

    def __init__(self, inputs: ModelInputs, settings: Settings) -> None:
        self._inputs, self._settings = inputs, settings
        self.encoder = Encoder(inputs.tokenizer, settings.bos)
        self._spaces: set[str] = set()  # at the end of contexts, that move

    def survey(self, needs: Sequence[tuple[Need, Shards]]) -> list[NeedSurvey]:
        """Read every shard of the needs of a claim set, again where white space is found to move."""
        known: set[str] | None = None
        found: list[NeedSurvey] = []
        while known != self._spaces:
            known = set(self._spaces)
            found = [self._of_need(need, shards) for need, shards in needs]
        return found

    def _of_need(self, need: Need, shards: Shards) -> NeedSurvey:
        n = int(shards.sizes.sum())
        found = NeedSurvey(np.zeros(n, dtype=np.uint32), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool))
        start = 0
        context: _Context | None = None
        for at in range(len(shards)):
            requests = shards.read(at)
            here = slice(start, start := start + len(requests))
            if need.reader.kind.is_classifier:
                found.too_long[here] = self._lengths_as_given(requests) > self._most_as_given
            elif need.reader.in_chat(self._inputs.tokenizer, self._settings):
                found.too_long[here] = self._lengths_in_chat(need, requests) > self._most
            else:
                context = self._survey(need, requests, here, found, context)
        if context is not None:
            self._close(context, n, found)
        return found

    def unknown(self, claims: Unlabelled) -> tuple[int, str]:
        """Return how many claims have a target with characters that the tokenizer does not know, and one such."""
        unk, n, example = self._inputs.tokenizer.unk_token_id, 0, ""
        for batch in claims.batches(["target"]) if unk is not None else ():
            ids = self.encoder.plain(batch["target"])
            times = batch["target"].value_counts()
            for target in (target for target in times.index if unk in ids[target]):
                n, example = n + int(times[target]), example or str(target)
        return n, example

    def _survey(
        self, need: Need, requests: Sequence[Request], here: slice, found: NeedSurvey, context: _Context | None
    ) -> _Context | None:
        """Survey one shard, `here` among all; return its last context, which may go on in the next."""
        contexts = self.encoder.plain({r.context for r in requests})
        wholes = self.encoder.plain({r.context + r.continuation for r in requests})
        lengths = []
        for place, request in enumerate(requests, start=here.start):
            whole = wholes[request.context + request.continuation]
            joined = self.encoder.join(request, contexts[request.context], whole)
            lengths.append(len(joined.ids) - (not need.reader.reads_last))
            if context is None or request.context != context.text:
                if context is not None:
                    self._close(context, place, found)
                context = _Context(request.context, place, whole)
            context.shared = context.shared[: common_prefix_length(context.shared, whole)]
            found.merged[place] = not joined.boundary_ok
            context.kept &= joined.boundary_ok
        if self._inputs.max_tokens is not None:
            found.too_long[here] = np.array(lengths) > self._inputs.max_tokens
        return context

    def _close(self, context: _Context, stop: int, found: NeedSurvey) -> None:
        spaces = max((len(each) for each in self._spaces if context.text.endswith(each)), default=0)
        if context.kept and not spaces:
            return
        place = self._place(context, len(context.text) - max(spaces, 1))
        found.moved[context.first : stop] = len(context.text) - place
        if context.text[place:].isspace():
            self._spaces.add(context.text[place:])

    def _place(self, context: _Context, most: int) -> int:
        """Return how many characters of a context, at most `most`, have tokens that all its requests keep."""
        for n in range(most, 0, -1):
            text = context.text[:n]
            ids = self.encoder.plain([text])[text]
            if context.shared[: len(ids)] == ids:
                return n
        return 0

    def _lengths_in_chat(self, need: Need, requests: Sequence[Request]) -> NDArray[np.int64]:
        """Tokens that are read of each request; where an answer begins, its template says."""
        _, encoded = need.reader.encode(self._inputs.tokenizer, requests, self._settings)
        return np.array([len(each.ids) - (not need.reader.reads_last) for each in encoded])

    @property
    def _most(self) -> float:
        return np.inf if self._inputs.max_tokens is None else self._inputs.max_tokens

    def _lengths_as_given(self, requests: Sequence[Request]) -> NDArray[np.int64]:
        texts = [request.context + request.continuation for request in requests]
        return np.array([len(ids) for ids in self._inputs.tokenizer(texts)["input_ids"]])

    @property
    def _most_as_given(self) -> float:
        # Some classifiers count positions from 2; their tokenizers know what is left.
        limits = (self._inputs.max_tokens, self._inputs.tokenizer.model_max_length)
        return min(float(each) for each in limits if each is not None)
