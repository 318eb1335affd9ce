"""The logit that a sequence classifier gives each text, as if it read that text alone.

Texts of one length go through the model together, so nothing is ever padded: whatever a model does with padding
(which token it reads, what it attends to, where it counts positions from) cannot change a score.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.models import max_tokens
from bitsperfact.scoring.engine.head import refuse_tokens_beyond
from bitsperfact.scoring.engine.memory import Budget, auto_batch_tokens

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@torch.inference_mode()
def classifier_logits(
    loaded: "LoadedModel", texts: Sequence[Sequence[int]], batch_tokens: int | None = None
) -> NDArray[np.float64]:
    """Compute the model's logit for each text, given as token ids: shape (n_texts,), log-odds.

    `batch_tokens` as for `logprob_sums`. Raises BadInput where a text has no token or more than the model's
    context, where memory does not hold one text, and where a logit is not finite.
    """
    if not texts:
        return np.empty(0)
    lengths = np.array([len(ids) for ids in texts])
    _check_lengths(loaded, lengths)
    refuse_tokens_beyond(loaded, texts)
    budget = Budget(batch_tokens or auto_batch_tokens(loaded, int(lengths.max())), loaded=loaded)
    found = np.empty(len(texts))
    with _last_token_read(loaded.model.config.get_text_config()):
        for part in _of_one_length(lengths, budget):
            ids = torch.tensor([list(texts[i]) for i in part], device=loaded.device)
            with budget.tried(ids.numel(), divisible=len(part) > 1):
                logits = loaded.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
                found[part] = logits[:, 0].double().cpu().numpy()
    for bad in np.flatnonzero(~np.isfinite(found))[:1]:
        where = f"model {loaded.info.name}, claim {loaded.tokenizer.decode(list(texts[bad]))!r}"
        raise BadInput(where, "a finite logit", found[bad])
    return found


def _check_lengths(loaded: "LoadedModel", lengths: NDArray[np.int64]) -> None:
    where, longest = f"model {loaded.info.name}", int(lengths.max())
    most = max_tokens(loaded.model.config) or longest
    # Some classifiers count positions from 2; their tokenizers know what is left.
    most = min(most, loaded.tokenizer.model_max_length)
    if longest > most:
        raise BadInput(where, f"claims of at most {most} tokens", f"one of {longest} tokens")
    if lengths.min() == 0:
        raise BadInput(where, "claims of at least one token", "one of none")


def _of_one_length(lengths: NDArray[np.int64], budget: Budget) -> Iterator[NDArray[np.intp]]:
    """Places of texts of one length, longest first, within a budget; again, in smaller parts, where it shrank."""
    for length in sorted(set(lengths.tolist()), reverse=True):
        places, start = np.flatnonzero(lengths == length), 0
        while start < len(places):
            part = places[start : start + max(1, budget.tokens // length)]
            yield part
            if len(part) == 1 or len(part) * length <= budget.tokens:
                start += len(part)


@contextmanager
def _last_token_read(config: Any) -> Iterator[None]:
    """Let a model that knows no padding token take several texts: by its own rule it then reads the last token,
    but it refuses more than one text. No token is -1.
    """
    if config.pad_token_id is not None:
        yield
        return
    config.pad_token_id = -1
    try:
        yield
    finally:
        config.pad_token_id = None
