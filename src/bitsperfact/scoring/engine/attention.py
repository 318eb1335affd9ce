"""Attention over a trie: each token sees its ancestors, in any model that lets its attention function be chosen.

The models of transformers look up their attention function, and the one that makes its mask, by name. Under the
name registered here all nodes of a pack form one row, with their depths as positions, so that every other layer
runs on a dense matrix without padding; attention alone knows that the row is a trie. What else a model forbids (a
sliding window, chunks) it says as a rule on two positions, which is asked with depths instead of columns.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface

from bitsperfact.scoring.engine.packs import BLOCK, Blocks, Pack
from bitsperfact.scoring.engine.trie import Trie

NAME = "bitsperfact_trie"
#: A model's own rule: (batch, head, query position, key position) -> whether the query may see the key.
Rule = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


class TrieWalk:
    """One pass of a model over the packs of a trie, in order.

    Keeps, layer by layer, the keys and values of the path above the next pack. Raises NotImplementedError where
    a model's attention has a term that is not known here.
    """

    def __init__(self, model: Any, trie: Trie) -> None:
        self._model = model
        self._trie = trie
        self._kept: dict[torch.nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}
        self._next: dict[torch.nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}
        self._pack: Pack
        self._masks: list[list[torch.Tensor]] = []
        self._tiled: dict[tuple[int, int, int], torch.Tensor] = {}
        self._columns: dict[tuple[int, torch.device], torch.Tensor] = {}

    @contextmanager
    def on(self, pack: Pack, device: torch.device) -> Iterator[dict[str, torch.Tensor]]:
        """Yield the model inputs for a pack; within the block the model attends as the trie says.

        A block that raises leaves the walk as it was: the same nodes can be tried again, in a smaller pack.
        """
        self._pack, self._next = pack, {}
        self._masks, self._tiled, self._columns = [], {}, {}
        row = slice(pack.start, pack.stop)
        with _attention_by(self._model, self):
            yield {
                "input_ids": torch.from_numpy(self._trie.ids[row]).unsqueeze(0).to(device),
                "position_ids": torch.from_numpy(self._trie.depth[row]).unsqueeze(0).to(device),
                # Given, so that depths that fall are not taken for several sequences in one row.
                "attention_mask": torch.ones((1, pack.stop - pack.start), dtype=torch.long, device=device),
            }
        self._kept = self._next

    def add_rule(self, rule: Rule, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
        """Make the masks of one of the model's rules; what the model hands around is their number."""
        self._masks.append([_additive(blocks, rule, device, dtype) for blocks in self._pack.blocks])
        return torch.full((1, 1, 1, 1), len(self._masks) - 1)

    def attend(
        self,
        layer: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        rule_number: torch.Tensor | None,
        scaling: float | None,
        softcap: float | None,
    ) -> torch.Tensor:
        """Attention of one layer: (1, heads, n, width) queries, keys and values -> (1, n, heads, value width)."""
        if rule_number is None or len(query) != 1:
            raise NotImplementedError("attention without a mask, or over several rows")
        keys, values = key[0], value[0]
        if self._pack.n_above:
            above = self._kept[layer]
            keys, values = torch.cat((above[0], keys), dim=1), torch.cat((above[1], values), dim=1)
        keep = torch.from_numpy(self._pack.keep).to(keys.device)
        self._next[layer] = keys[:, keep], values[:, keep]
        n_nodes, n_groups = query.shape[2], query.shape[1] // len(keys)
        padded = functional.pad(query[0], (0, 0, 0, self._pack.n_blocks * BLOCK - n_nodes))
        # Query heads that share a key head are more queries of it.
        queries = padded.view(len(keys), n_groups, self._pack.n_blocks, BLOCK, -1).transpose(1, 2)
        found = queries.new_empty((*queries.shape[:-1], values.shape[-1]))
        for k in range(len(self._pack.blocks)):
            members, columns = self._on(k, keys.device)
            mask = self._mask(int(rule_number.flatten()[0]), k, n_groups)
            seen = _attention(
                queries[:, members].flatten(2, 3), keys[:, columns], values[:, columns], mask, scaling, softcap
            )
            found[:, members] = seen.view(*seen.shape[:2], n_groups, BLOCK, -1)
        return found.transpose(1, 2).flatten(2, 3).flatten(0, 1)[:, :n_nodes].transpose(0, 1).unsqueeze(0)

    def _on(self, k: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the indices of one group of blocks, and of their keys, on a layer's device."""
        blocks = self._pack.blocks[k]
        for name, index in enumerate((blocks.members, blocks.columns)):
            if (2 * k + name, device) not in self._columns:
                self._columns[2 * k + name, device] = torch.from_numpy(index).to(device)
        return self._columns[2 * k, device], self._columns[2 * k + 1, device]

    def _mask(self, rule: int, k: int, n_groups: int) -> torch.Tensor:
        """Return a group's mask, once for each query head of a key head: (1, m, queries, K), for fast kernels."""
        if (rule, k, n_groups) not in self._tiled:
            self._tiled[rule, k, n_groups] = self._masks[rule][k].repeat(1, n_groups, 1).unsqueeze(0)
        return self._tiled[rule, k, n_groups]


def _additive(blocks: Blocks, rule: Rule, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Return what is added to a group's attention scores: 0 where a query may see a key, else -inf; (m, B, K)."""
    nothing = torch.zeros((1, 1, 1), dtype=torch.long)
    query, key = torch.from_numpy(blocks.query_depth)[:, :, None], torch.from_numpy(blocks.key_depth)[:, None, :]
    may_see = torch.from_numpy(blocks.allowed) & rule(nothing, nothing, query, key).cpu()
    return torch.zeros(may_see.shape, dtype=dtype).masked_fill(~may_see, -torch.inf).to(device)


def _attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor,
    scaling: float | None,
    softcap: float | None,
) -> torch.Tensor:
    """Masked attention, (heads, m, queries, width) -> (heads, m, queries, value width)."""
    mask = mask.to(query.device)
    if softcap is None:
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scaling)
    scores = query @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    scores = torch.tanh(scores / softcap) * softcap + mask
    return torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype) @ value


_walks: list[TrieWalk] = []


@contextmanager
def attention_named(model: Any, name: str) -> Iterator[None]:
    """Let a model's attention, and that of its parts, be what transformers knows by this name, for the block."""
    configs = {id(part.config): part.config for part in model.modules() if hasattr(part, "config")}
    before = [(config, config._attn_implementation) for config in configs.values()]
    try:
        for config, _ in before:
            config._attn_implementation = name
        yield
    finally:
        for config, own in before:
            config._attn_implementation = own


@contextmanager
def _attention_by(model: Any, walk: TrieWalk) -> Iterator[None]:
    """Let a model's attention, and that of its parts, be that of a walk."""
    _walks.append(walk)
    try:
        with attention_named(model, NAME):
            yield
    finally:
        _walks.pop()


def _trie_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    **terms: Any,
) -> tuple[torch.Tensor, None]:
    for unknown in ("s_aux", "position_bias", "head_mask"):
        if terms.get(unknown) is not None:
            raise NotImplementedError(f"attention with {unknown}")
    return _walks[-1].attend(module, query, key, value, attention_mask, scaling, softcap), None


def _trie_mask(*, mask_function: Rule, device: torch.device, dtype: torch.dtype, **_: Any) -> torch.Tensor:
    return _walks[-1].add_rule(mask_function, device, dtype)


AttentionInterface.register(NAME, _trie_attention)
AttentionMaskInterface.register(NAME, _trie_mask)
