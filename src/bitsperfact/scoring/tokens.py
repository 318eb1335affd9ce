"""Text -> token ids, with one explicit policy for the start token and a checked prefix/target boundary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.scoring.requests import Request

BOS_POLICIES = ("auto", "always", "never")


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

    bos = "auto" puts the BOS token first if the tokenizer does so by itself, "always" and "never" override it.
    There is never a second one: a context that already spells it out is left alone. An empty context is
    conditioned on the BOS token, or on EOS where there is none, whatever the policy.
    Raises BadInput where the policy needs a token that the tokenizer lacks.
    """

    def __init__(self, tokenizer: Any, bos: str = "auto") -> None:
        check_bos(bos)
        self._tokenizer = tokenizer
        self._bos_id: int | None = tokenizer.bos_token_id
        self._start_id: int | None = self._bos_id if self._bos_id is not None else tokenizer.eos_token_id
        if bos == "always" and self._bos_id is None:
            raise BadInput("bos", "a tokenizer with a BOS token for 'always'", "one without")
        self.adds_bos = bos == "always" or (bos == "auto" and self._adds_bos_itself())

    def _adds_bos_itself(self) -> bool:
        ids = self._tokenizer("a")["input_ids"]
        return self._bos_id is not None and len(ids) > 0 and ids[0] == self._bos_id

    def encode(self, requests: Sequence[Request]) -> list[TokenizedRequest]:
        """Encode requests in order; raise BadInput for a continuation that yields no token."""
        contexts = self._plain_ids({r.context for r in requests})
        wholes = self._plain_ids({r.context + r.continuation for r in requests})
        return [
            self._join(request, contexts[request.context], wholes[request.context + request.continuation])
            for request in requests
        ]

    def _plain_ids(self, texts: Iterable[str]) -> dict[str, list[int]]:
        ordered = sorted(texts)
        return dict(zip(ordered, self._tokenizer(ordered, add_special_tokens=False)["input_ids"], strict=True))

    def _join(self, request: Request, context: list[int], whole: list[int]) -> TokenizedRequest:
        shared = common_prefix_length(context, whole)
        if shared == len(whole):
            raise BadInput(f"claim {request.context!r}", "a target that adds a token", repr(request.continuation))
        start = self._start(whole, shared)
        return TokenizedRequest(
            ids=(*start, *whole),
            n_context=len(start) + shared,
            n_bytes=len(request.continuation.encode()),
            boundary_ok=shared == len(context),
        )

    def _start(self, whole: list[int], shared: int) -> tuple[int, ...]:
        if whole[0] == self._bos_id and shared > 0:
            return ()
        if self.adds_bos and self._bos_id is not None:
            return (self._bos_id,)
        if shared == 0:  # the first token needs something to be conditioned on
            if self._start_id is None:
                raise BadInput("claim without a prefix", "a tokenizer with a BOS or EOS token", "one with neither")
            return (self._start_id,)
        return ()


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
