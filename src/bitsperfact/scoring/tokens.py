"""Text -> token ids, with one explicit policy for what precedes a text and a checked prefix/target boundary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.scoring.requests import Request

BOS_POLICIES = ("auto", "always", "never")
#: Short texts, one of which any tokenizer has a token for: some know digits or one case alone.
MEASURED_ON = ("a", "A", "0", "the", " ")


@dataclass(frozen=True, slots=True)
class TokenizedRequest:
    """One request as token ids: `ids[n_context:]` are scored given what stands before them.

    `n_context` >= 1. `n_bytes` counts the continuation's UTF-8 bytes. `boundary_ok` is False where a token
    merges the end of the context with the start of the continuation: the scored tokens then begin with that
    token and cover a little of the context too.
    """

    ids: tuple[int, ...]
    n_context: int
    n_bytes: int
    boundary_ok: bool

    @property
    def n_tokens(self) -> int:
        """Number of scored tokens, >= 1."""
        return len(self.ids) - self.n_context


class Encoder:
    """Encodes requests for one tokenizer.

    What precedes a text (`precedes`, token ids) is what the tokenizer itself puts there with bos = "auto", as
    measured: `[gMASK]<sop>`, `[CLS]` or nothing, whatever it calls its BOS. "always" puts the BOS token where the
    tokenizer puts nothing; "never" puts nothing. Nothing stands there twice: what a text spells out already is not
    added, and is part of its context. What a tokenizer appends to a text is never scored. An empty context is what
    the tokenizer puts there, BOS where that is nothing, or EOS where there is none, whatever the policy.
    Raises BadInput where the policy needs a token that the tokenizer lacks.
    """

    def __init__(self, tokenizer: Any, bos: str = "auto") -> None:
        check_bos(bos)
        self._tokenizer = tokenizer
        added = added_before(tokenizer)
        first = (tokenizer.bos_token_id, tokenizer.eos_token_id)
        #: What stands for no context: (n,), empty where the tokenizer has no token for it.
        self._neutral = added or next(((token,) for token in first if token is not None), ())
        if bos == "always" and not added and tokenizer.bos_token_id is None:
            raise BadInput("bos", "a tokenizer with a BOS token for 'always'", "one without")
        self.precedes: tuple[int, ...] = {"auto": added, "always": self._neutral, "never": ()}[bos]

    def encode(self, requests: Sequence[Request]) -> list[TokenizedRequest]:
        """Encode requests in order; raise BadInput for a continuation that yields no token."""
        contexts = self.plain({r.context for r in requests})
        wholes = self.plain({r.context + r.continuation for r in requests})
        return [self.join(r, contexts[r.context], wholes[r.context + r.continuation]) for r in requests]

    def unconditional(self, requests: Sequence[Request]) -> list[TokenizedRequest]:
        """Encode the tokens that `encode` scores, as they would stand without a context."""
        return [
            replace(each, ids=(*self._no_context(), *each.ids[each.n_context :]), n_context=len(self._neutral))
            for each in self.encode(requests)
        ]

    def plain(self, texts: Iterable[str]) -> dict[str, list[int]]:
        """Return the token ids of texts without what precedes them; an empty text has none."""
        ordered = sorted(set(texts) - {""})
        ids = self._tokenizer(ordered, add_special_tokens=False)["input_ids"] if ordered else []
        return {"": [], **dict(zip(ordered, ids, strict=True))}

    def join(self, request: Request, context: list[int], whole: list[int]) -> TokenizedRequest:
        """Encode one request, given the `plain` ids of its context and of its whole text."""
        shared = common_prefix_length(context, whole)
        spelled = _overlap(self._neutral, whole)
        given = max(shared, spelled)
        if given == len(whole):
            raise BadInput(f"claim {request.context!r}", "a target that adds a token", repr(request.continuation))
        start = self.precedes[: max(0, len(self.precedes) - spelled)]
        if not start and given == 0:  # the first token needs something to be conditioned on
            start = self._no_context()
        return TokenizedRequest(
            ids=(*start, *whole),
            n_context=len(start) + given,
            n_bytes=len(request.continuation.encode()),
            boundary_ok=shared == len(context),
        )

    def _no_context(self) -> tuple[int, ...]:
        if not self._neutral:
            raise BadInput("claim without a prefix", "a tokenizer with a BOS or EOS token", "one with neither")
        return self._neutral


def added_before(tokenizer: Any) -> tuple[int, ...]:
    """Return the token ids that a tokenizer puts before a text: those of a text with special tokens that precede
    its own. What it appends is not among them.
    """
    for text in MEASURED_ON:
        own = list(tokenizer(text, add_special_tokens=False)["input_ids"])
        ids = list(tokenizer(text)["input_ids"])
        for at in range(len(ids) - len(own) + 1) if own else ():
            if ids[at : at + len(own)] == own:
                return tuple(ids[:at])
    return ()


def _overlap(start: Sequence[int], ids: Sequence[int]) -> int:
    """Return how many tokens at the end of `start` are those at the beginning of `ids`."""
    most = min(len(start), len(ids))
    return next((n for n in range(most, 0, -1) if list(start[-n:]) == list(ids[:n])), 0)


def check_bos(bos: str) -> None:
    """Raise BadInput where `bos` names no policy."""
    if bos not in BOS_POLICIES:
        raise BadInput("bos", f"one of {', '.join(BOS_POLICIES)}", repr(bos))


def common_prefix_length(a: Sequence[int], b: Sequence[int]) -> int:
    """Count the tokens that two sequences have in common at their beginning."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
