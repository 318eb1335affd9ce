"""What a model was sent for a claim, to the token: for `run.json`, and for whoever wants to look."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bitsperfact.scoring.needs import Need
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.score import Score
from bitsperfact.scoring.tasks import ScoringPlan
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@dataclass(frozen=True)
class EncodedRequest:
    """One request as it was sent: `text` is what the tokenizer read, `tokenized` what it made of that.

    `in_chat`: the text was put into the model's chat template.
    """

    score: str
    need: Need
    text: Request
    tokenized: TokenizedRequest
    in_chat: bool

    def start(self, tokenizer: Any) -> str:
        """Return the tokens put before the text, which does not spell them out, as their names."""
        ids, own = self.tokenized.ids, tuple(tokenizer("".join(self.text), add_special_tokens=False)["input_ids"])
        starts = (at for at in range(len(ids) - len(own) + 1) if ids[at : at + len(own)] == own)
        return "".join(tokenizer.convert_ids_to_tokens(list(ids[: next(starts, 0)])))

    def record(self, tokenizer: Any) -> dict[str, Any]:
        """Return the same for `run.json`."""
        return {
            "score": self.score,
            "need": self.need.name,
            "in_chat": self.in_chat,
            "start": self.start(tokenizer),
            "context": self.text.context,
            "continuation": self.text.continuation,
            "ids": list(self.tokenized.ids),
            "scored_from": self.tokenized.n_context,
        }


def encoded_requests(plan: ScoringPlan, score: Score, tokenizer: Any, claim: int = 0) -> Iterator[EncodedRequest]:
    """Yield what is sent for one claim of a plan's set, need by need, each request once.

    Raises BadInput where the chat format that was asked for cannot be had.
    """
    for need in score.needs:
        requests = list(dict.fromkeys(plan.requests_of(need, claim)))
        texts, tokenized = need.reader.encode(tokenizer, requests, plan.settings)
        in_chat = need.reader.in_chat(tokenizer, plan.settings)
        for text, ids in zip(texts, tokenized, strict=True):
            yield EncodedRequest(score.name, need, text, ids, in_chat)


def examples(plan: ScoringPlan, tokenizer: Any) -> list[dict[str, Any]]:
    """Return, for `run.json`, the first request of each score for the first claim of a plan's set."""
    about = {"model": plan.model.name, "claim_set": plan.requests.name}
    return [about | next(encoded_requests(plan, score, tokenizer)).record(tokenizer) for score in plan.scores]


def lines(plan: ScoringPlan, score: Score, loaded: "LoadedModel", claim: int) -> Iterator[str]:
    """Yield lines that show what is sent for one claim, and what the model answers."""
    row = plan.requests.rows.row(claim, ["prefix", "target"])
    yield f"{score.name}, claim {json.dumps(row['prefix'] + row['target'], ensure_ascii=False)}"
    for need, group in groupby(encoded_requests(plan, score, loaded.tokenizer, claim), key=lambda each: each.need):
        together = list(group)
        yield f"  {need.name}{', in the chat template' if together[0].in_chat else ''}"
        answers = need.reader.token_answers(loaded, [each.tokenized for each in together], plan.settings)
        for each, answer in zip(together, answers, strict=True):
            yield from _lines_of(each, answer, loaded.tokenizer)
        if len({each.text.context for each in together}) == 1 < len(together):
            share = sum(math.exp(sum(answer)) for answer in answers)
            yield f"    together {100 * share:.3g} % of what may follow"


def _lines_of(each: EncodedRequest, answer: list[float], tokenizer: Any) -> Iterator[str]:
    ids, at = each.tokenized.ids, each.tokenized.n_context
    if start := each.start(tokenizer):
        yield f"    start    {start}"
    yield f"    context  {json.dumps(each.text.context, ensure_ascii=False)}"
    yield f"    scored   {json.dumps(each.text.continuation, ensure_ascii=False)}"
    yield f"    ids      {' '.join(map(str, ids[:at]))} | {' '.join(map(str, ids[at:]))}".rstrip()
    if answer:
        pieces = zip(tokenizer.convert_ids_to_tokens(list(ids[at:])), answer, strict=True)
        each_token = "  ".join(f"{token} {nats:.4f}" for token, nats in pieces)
        yield f"    log P    {sum(answer):.4f} nats: {each_token}"
