"""The strategies of the engine, and which of them a model gets: the fastest that agrees with padded rows on it."""

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.models import max_tokens
from bitsperfact.scoring.engine.attention import TrieWalk
from bitsperfact.scoring.engine.head import (
    Reads,
    can_tile,
    capture_hidden,
    head_only_at,
    logprobs_of,
    run,
    tiled_logprobs,
    vocabulary,
)
from bitsperfact.scoring.engine.memory import Budget
from bitsperfact.scoring.engine.packs import packs
from bitsperfact.scoring.engine.padding import padded_sums
from bitsperfact.scoring.engine.rotations import of_one_rotation
from bitsperfact.scoring.engine.trial import refuse_if_not_causal, tokens_to_try, trial_of
from bitsperfact.scoring.engine.trie import Ints, token_trie
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel

Sums = NDArray[np.float64]
Strategy = Callable[["LoadedModel", Sequence[TokenizedRequest], int], Sums]

#: Largest output of the model's own head at a time, in float32 values (256 MiB).
HEAD_VALUES = 2**26
#: Nodes per pack when a strategy is tried: several packs, and paths that reach from one to the next.
TRIED_PACK = 16

_strategies: "WeakKeyDictionary[torch.nn.Module, Strategy]" = WeakKeyDictionary()


def strategy_for(loaded: "LoadedModel", requests: Sequence[TokenizedRequest]) -> Strategy:
    """Return the strategy of a model; the first call for a model tries them out on tokens of its requests.

    Raises BadInput where the model is not causal.
    """
    if loaded.model not in _strategies:
        _strategies[loaded.model] = _choose(loaded, requests)
    return _strategies[loaded.model]


@torch.inference_mode()
def _choose(loaded: "LoadedModel", requests: Sequence[TokenizedRequest]) -> Strategy:
    context = max_tokens(loaded.model.config) or sys.maxsize
    known = vocabulary(loaded.model) or 1 + max(max(request.ids) for request in requests)
    tokens = tokens_to_try(requests, known)
    trial = trial_of(loaded, tokens, context, padded_rows)
    refuse_if_not_causal(loaded, tokens, context)
    reason = ""
    for strategy in (trie_and_tiles, trie_and_own_head) if can_tile(loaded.model) else (trie_and_own_head,):
        try:
            scores = strategy(loaded, trial.requests, TRIED_PACK)
        except BadInput:  # memory does not hold a single token
            raise
        # What a model does with a row that is a trie is not known before: any failure means padded rows.
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            continue
        if not np.isfinite(trial.expected).all() or trial.agrees(scores):
            return strategy
        reason = f"scores differ by {trial.off(scores):.2g} nats per token"
    warnings.warn(f"model {loaded.info.name} is scored without shared prefixes ({reason})", stacklevel=4)
    return padded_rows


@of_one_rotation
def padded_rows(loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch_tokens: int) -> Sums:
    """Compute padded rows; `batch_tokens` counts padding."""
    return padded_sums(loaded, requests, Budget(batch_tokens, _head_positions(loaded), loaded))


@of_one_rotation
def trie_and_tiles(loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch_tokens: int) -> Sums:
    """Compute each prefix once, in packs of `batch_tokens` nodes, with a head that never holds all logits."""

    def logprobs(inputs: dict[str, torch.Tensor], columns: Ints, reads: Reads) -> Sums:
        with capture_hidden(loaded.model, columns) as seen:
            run(loaded.model, inputs, use_cache=False)
        return tiled_logprobs(loaded.model, seen[0], reads)

    return _trie_sums(loaded, requests, batch_tokens, None, logprobs)


@of_one_rotation
def trie_and_own_head(loaded: "LoadedModel", requests: Sequence[TokenizedRequest], batch_tokens: int) -> Sums:
    """Compute each prefix once, with the model's own head, for those that do to logits what is not known here."""

    def logprobs(inputs: dict[str, torch.Tensor], columns: Ints, reads: Reads) -> Sums:
        with head_only_at(loaded.model, np.zeros_like(columns), columns) as taken:
            logits = taken(run(loaded.model, inputs, use_cache=False))
        return logprobs_of(logits, reads)

    return _trie_sums(loaded, requests, batch_tokens, _head_positions(loaded), logprobs)


def _trie_sums(
    loaded: "LoadedModel",
    requests: Sequence[TokenizedRequest],
    batch_tokens: int,
    batch_positions: int | None,
    logprobs: Callable[[dict[str, torch.Tensor], Ints, Reads], Sums],
) -> Sums:
    trie = token_trie(requests)
    walk = TrieWalk(loaded.model, trie)
    sums = np.zeros(len(requests))
    budget = Budget(batch_tokens, batch_positions, loaded)
    for pack in packs(trie, budget):
        here = slice(*np.searchsorted(trie.nodes, (pack.start, pack.stop)))
        deciding, lines = np.unique(trie.nodes[here] - pack.start, return_inverse=True)
        n_nodes = pack.stop - pack.start
        with budget.tried(n_nodes, divisible=n_nodes > 1), walk.on(pack, loaded.device) as inputs:
            found = logprobs(inputs, deciding, Reads(lines, trie.targets[here]))
            np.add.at(sums, trie.owners[here], found)
    return sums


def _head_positions(loaded: "LoadedModel") -> int:
    return max(1, HEAD_VALUES // (vocabulary(loaded.model) or HEAD_VALUES))
