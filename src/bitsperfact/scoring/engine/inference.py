"""Log-probabilities of continuations, and hidden states after texts, of a causal language model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.models import max_tokens
from bitsperfact.scoring.engine.attention import TrieWalk
from bitsperfact.scoring.engine.head import refuse_tokens_beyond, run
from bitsperfact.scoring.engine.memory import Budget, auto_batch_tokens
from bitsperfact.scoring.engine.packs import packs
from bitsperfact.scoring.engine.padding import batches, distinct_rows, padded, padded_tokens
from bitsperfact.scoring.engine.rotations import of_one_rotation
from bitsperfact.scoring.engine.strategies import padded_rows, strategy_for
from bitsperfact.scoring.engine.trie import token_trie
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel


@torch.inference_mode()
def logprob_sums(
    loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch_tokens: int | None = None
) -> NDArray[np.float64]:
    """Compute the log-probability of each request's scored tokens given all before them.

    Shape (n_requests,), nats, <= 0. `batch_tokens` go through the model at once (None: what free memory allows),
    or fewer where memory runs out. Independent of that and of the other requests up to rounding. Raises BadInput
    where a request is longer than the model's context, where memory does not hold one request, where the model is
    not causal or yields a number that is not finite. Warns, once for a model, where it has to be scored in padded
    rows.
    """
    _refuse_too_long(loaded, [len(r.ids) - 1 for r in requests])
    if not requests:
        return np.empty(0)
    refuse_tokens_beyond(loaded, [r.ids for r in requests])
    strategy = strategy_for(loaded, requests)
    batch_tokens = batch_tokens or auto_batch_tokens(loaded, max(len(r.ids) for r in requests))
    sums = strategy(loaded, requests, batch_tokens)
    _refuse_non_finite(loaded, requests, sums)
    return sums


@torch.inference_mode()
def last_hidden_states(
    loaded: "LoadedModel", texts: Sequence[tuple[int, ...]], depth: float, batch_tokens: int | None = None
) -> NDArray[np.float32]:
    """Compute the hidden state after the last token of each text, at the layer at `depth`.

    Shape (n_texts, hidden width). `depth` in [0, 1]: 0 the embeddings, 1 the last layer's output.
    """
    _refuse_too_long(loaded, [len(ids) for ids in texts])
    if not texts:
        return np.empty((0, loaded.model.config.get_text_config().hidden_size), dtype=np.float32)
    refuse_tokens_beyond(loaded, texts)
    # A token follows the last, so that the trie has a node for the whole text.
    whole = [TokenizedRequest((*ids, 0), len(ids), 0, boundary_ok=True) for ids in texts]
    states = _plain_states if strategy_for(loaded, whole) is padded_rows else _trie_states
    batch_tokens = batch_tokens or auto_batch_tokens(loaded, max(len(ids) for ids in texts))
    found = states(loaded, whole, depth, batch_tokens)
    for bad in np.flatnonzero(~np.isfinite(found).all(axis=1))[:1]:
        where = f"model {loaded.info.name}, claim {loaded.tokenizer.decode(list(texts[bad]))!r}"
        raise BadInput(where, "a finite hidden state", "NaN or infinity")
    return found


@of_one_rotation
def _trie_states(
    loaded: "LoadedModel", whole: Sequence[TokenizedRequest], depth: float, batch_tokens: int
) -> NDArray[np.float32]:
    trie = token_trie(whole)
    walk = TrieWalk(loaded.model, trie)
    parts: list[NDArray[np.float32]] = []
    budget = Budget(batch_tokens, loaded=loaded)
    for pack in packs(trie, budget):
        here = slice(*np.searchsorted(trie.nodes, (pack.start, pack.stop)))
        n_nodes = pack.stop - pack.start
        with budget.tried(n_nodes, divisible=n_nodes > 1), walk.on(pack, loaded.device) as inputs:
            parts.append(_layer(loaded, inputs, depth)[0, trie.nodes[here] - pack.start])
    found = np.concatenate(parts)
    return found[np.argsort(trie.owners)]  # each text is read once


@of_one_rotation
def _plain_states(
    loaded: "LoadedModel", whole: Sequence[TokenizedRequest], depth: float, batch_tokens: int
) -> NDArray[np.float32]:
    states: dict[int, NDArray[np.float32]] = {}
    budget = Budget(batch_tokens, loaded=loaded)
    for batch in batches(distinct_rows(whole), whole, budget):
        with budget.tried(padded_tokens(batch), divisible=len(batch) > 1):
            layer = _layer(loaded, padded(loaded, [row.ids for row in batch]), depth)
            states |= {i: layer[k, whole[i].n_context - 1] for k, row in enumerate(batch) for i in row.requests}
    return np.stack([states[i] for i in range(len(whole))])


def _layer(loaded: "LoadedModel", inputs: dict[str, torch.Tensor], depth: float) -> NDArray[np.float32]:
    """One layer's output, (rows, columns, width); of a model with several streams, these side by side."""
    states = run(loaded.model.base_model, inputs, use_cache=False, output_hidden_states=True).hidden_states
    layer, shape = states[round(depth * (len(states) - 1))], inputs["input_ids"].shape
    if layer.shape[:2] != shape:  # streams come first
        layer = layer.movedim(0, 2)
    return np.asarray(layer.reshape(*shape, -1).float().cpu().numpy())


def _refuse_too_long(loaded: "LoadedModel", lengths: Sequence[int]) -> None:
    longest = max_tokens(loaded.model.config)
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
