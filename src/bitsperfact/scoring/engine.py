"""The engine: exact log-probabilities of continuations and hidden states, in batches, from one plain forward pass.

The vocabulary head runs only where a scored token is predicted, and log-probabilities are normalised in float32
whatever the model's own precision.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring.rows import Row, batches, distinct_rows
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel

#: Largest output of the vocabulary head at a time, in float32 values (256 MiB).
HEAD_VALUES = 2**26
#: Padded tokens per batch where the user does not say: enough to keep a processor's multipliers busy.
AUTO_BATCH_TOKENS = {"cpu": 1024, "cuda": 32768, "mps": 4096}


def auto_batch_tokens(loaded: "LoadedModel") -> int:
    """Padded tokens per batch that suit the device of a model."""
    return AUTO_BATCH_TOKENS.get(loaded.device.type, AUTO_BATCH_TOKENS["cpu"])


@torch.inference_mode()
def logprob_sums(
    loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch_tokens: int | None = None
) -> NDArray[np.float64]:
    """Log-probability of each request's scored tokens given all before them: shape (n_requests,), nats, <= 0.

    Independent of `batch_tokens` up to rounding. Raises BadInput where a request is longer than the model's
    context, or where the model yields a number that is not finite.
    """
    _refuse_too_long(loaded, [len(r.ids) - 1 for r in requests])
    budget = batch_tokens or auto_batch_tokens(loaded)
    positions = max(1, HEAD_VALUES // loaded.model.get_output_embeddings().weight.shape[0])
    sums = np.empty(len(requests))
    for batch in batches(distinct_rows(requests), requests, budget, positions):
        for i, value in _score_batch(loaded, requests, batch):
            sums[i] = value
    _refuse_non_finite(loaded, requests, sums)
    return sums


def _score_batch(
    loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch: list[Row]
) -> Iterator[tuple[int, float]]:
    """Yield (request index, log-probability in nats) for every request that reads from the batch's rows."""
    deciding: dict[tuple[int, int], int] = {}  # (row, position) -> line of the head's output
    lines: list[int] = []
    targets: list[int] = []
    owners: list[int] = []
    for row_index, row in enumerate(batch):
        for i in row.requests:
            ids, n_context = requests[i].ids, requests[i].n_context
            for position in range(n_context - 1, len(ids) - 1):
                lines.append(deciding.setdefault((row_index, position), len(deciding)))
                targets.append(ids[position + 1])
                owners.append(i)
    logprobs = _deciding_logprobs(loaded, batch, list(deciding), lines, targets)
    members, slots = np.unique(owners, return_inverse=True)
    sums = np.bincount(slots, weights=logprobs)
    yield from zip(members.tolist(), sums.tolist(), strict=True)


def _deciding_logprobs(
    loaded: "LoadedModel",
    batch: list[Row],
    deciding: list[tuple[int, int]],
    lines: list[int],
    targets: list[int],
) -> NDArray[np.float64]:
    """Log-probability of `targets[k]` at the deciding position `lines[k]`: shape (len(lines),), nats."""
    with head_only_at(loaded.model, deciding):
        logits = loaded.model(**_padded(loaded, [row.ids for row in batch]), use_cache=False).logits[0].float()
    normaliser = torch.logsumexp(logits, dim=-1)
    line = torch.tensor(lines, device=logits.device)
    chosen = logits[line, torch.tensor(targets, device=logits.device)]
    return np.asarray((chosen - normaliser[line]).double().cpu().numpy())


@contextmanager
def head_only_at(model: Any, positions: Sequence[tuple[int, int]]) -> Iterator[None]:
    """Let the vocabulary head see only these (row, position) hidden states, as one row of the logits.

    A hook in front of the head, rather than a head of our own, keeps whatever the model does to its logits
    afterwards (soft-capping, scaling): those act on each position alone.
    """
    rows = torch.tensor([row for row, _ in positions])
    columns = torch.tensor([column for _, column in positions])

    def select(_: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        hidden = inputs[0]
        return (hidden[rows.to(hidden.device), columns.to(hidden.device)].unsqueeze(0), *inputs[1:])

    hook = model.get_output_embeddings().register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()


@torch.inference_mode()
def last_hidden_states(
    loaded: "LoadedModel", texts: Sequence[tuple[int, ...]], depth: float, batch_tokens: int | None = None
) -> NDArray[np.float32]:
    """Hidden state after the last token of each text, at the layer `depth` of the way up.

    Shape (n_texts, hidden width). `depth` in [0, 1]: 0 the embeddings, 1 the last layer's output.
    """
    _refuse_too_long(loaded, [len(ids) for ids in texts])
    budget = batch_tokens or auto_batch_tokens(loaded)
    states: dict[int, NDArray[np.float32]] = {}
    whole = [TokenizedRequest((*ids, 0), len(ids), 0, boundary_ok=True) for ids in texts]
    for batch in batches(distinct_rows(whole), whole, budget, budget):
        output = loaded.model.base_model(
            **_padded(loaded, [row.ids for row in batch]), use_cache=False, output_hidden_states=True
        )
        layer = output.hidden_states[round(depth * (len(output.hidden_states) - 1))].float().cpu().numpy()
        for row_index, row in enumerate(batch):
            for i in row.requests:
                states[i] = layer[row_index, len(texts[i]) - 1]
    found = np.stack([states[i] for i in range(len(texts))])
    if not np.isfinite(found).all():
        raise BadInput(f"model {loaded.info.name}", "finite hidden states", "NaN or infinity")
    return found


def _padded(loaded: "LoadedModel", rows: Sequence[tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Rows padded on the right. Causal attention lets no token look right, so padding changes no score."""
    width = max(len(ids) for ids in rows)
    padded = torch.zeros((len(rows), width), dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for k, ids in enumerate(rows):
        padded[k, : len(ids)] = torch.tensor(ids)
        mask[k, : len(ids)] = 1
    inputs = {"input_ids": padded.to(loaded.device)}
    return inputs if bool(mask.all()) else {**inputs, "attention_mask": mask.to(loaded.device)}


def _refuse_too_long(loaded: "LoadedModel", lengths: Sequence[int]) -> None:
    longest = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    if lengths and longest is not None and max(lengths) > longest:
        raise BadInput(
            f"model {loaded.info.name}", f"claims of at most {longest} tokens", f"one of {max(lengths)} tokens"
        )


def _refuse_non_finite(
    loaded: "LoadedModel", requests: Sequence[TokenizedRequest], sums: NDArray[np.float64]
) -> None:
    bad = np.flatnonzero(~np.isfinite(sums))
    if len(bad):
        text = loaded.tokenizer.decode(requests[bad[0]].ids)
        raise BadInput(
            f"model {loaded.info.name}, claim {text!r}",
            "a finite log-probability",
            f"{sums[bad[0]]} ({len(bad)} claims)",
        )
