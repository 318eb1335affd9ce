"""A trie in packs of nodes that fit in memory, and which nodes each node of a pack attends to.

A pack is a run of nodes in depth-first order. The ancestors of its nodes that lie before it are the ancestors of
its first node, because a subtree is a run of nodes: their keys and values, one short path, are all that a pack
needs of those before it, so no prefix is computed twice however small the packs are. The same holds for the blocks
that a pack's attention is cut into: a block of B nodes attends to the path above it and to itself, not to the
whole pack.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.scoring.engine.memory import Budget
from bitsperfact.scoring.engine.trie import Ints, Trie

#: Nodes per block of attention: few enough that most keys are ancestors, enough for a matrix product.
BLOCK = 64


@dataclass(frozen=True)
class Blocks:
    """Blocks of one pack with about as many keys each: m of them, B queries and K keys per block.

    `columns` point into the pack's keys, which are those of the path above it, then its own. `allowed` says which
    queries descend from which keys. Depths are those of the queries and keys. Every query has a key, padding too.
    """

    members: Ints  # (m,) which blocks of the pack
    columns: Ints  # (m, K)
    allowed: NDArray[np.bool_]  # (m, B, K)
    query_depth: Ints  # (m, B)
    key_depth: Ints  # (m, K)


@dataclass(frozen=True)
class Pack:
    """Nodes `start` to `stop` of a trie. `keep`: the columns whose keys and values the next pack attends to."""

    start: int
    stop: int
    n_above: int
    keep: Ints
    blocks: tuple[Blocks, ...]

    @property
    def n_blocks(self) -> int:
        """Blocks of the pack, the last one padded."""
        return -(-(self.stop - self.start) // BLOCK)


def packs(trie: Trie, budget: Budget) -> Iterator[Pack]:
    """Cut a trie into packs whose nodes, and those that a scored token follows, are within a budget.

    A pack has at least one node. Packs that no limit on positions cuts short are about equally large. Where the
    budget has shrunk below a pack since it was handed out, its nodes come again, in smaller packs.
    """
    scored = np.zeros(len(trie) + 1, dtype=np.int64)
    scored[trie.nodes + 1] = 1
    scored_before = np.cumsum(scored)
    start = 0
    while start < len(trie):
        left = len(trie) - start
        stop = start + -(-left // -(-left // budget.tokens))
        if budget.positions is not None:
            most = int(np.searchsorted(scored_before, scored_before[start] + budget.positions, side="right")) - 1
            stop = max(start + 1, min(stop, most))
        yield _pack(trie, start, stop)
        if stop - start <= budget.tokens:
            start = stop


def _pack(trie: Trie, start: int, stop: int) -> Pack:
    above = trie.path(start)
    column = {node: k for k, node in enumerate(above)}

    def columns(nodes: Sequence[int]) -> list[int]:
        return [column[n] if n < start else len(above) + n - start for n in nodes]

    sizes: dict[int, list[int]] = {}
    paths = [trie.path(first) for first in range(start, stop, BLOCK)]
    for member, path in enumerate(paths):
        # Powers of two: blocks below a long prefix do not make the others as wide as themselves.
        sizes.setdefault((max(len(path) - 1, 0) // BLOCK).bit_length(), []).append(member)
    blocks = []
    for members in sizes.values():
        width = max(len(paths[m]) for m in members) + BLOCK
        keys = np.full((len(members), width), -1, dtype=np.int64)  # nodes; -1 is padding
        pointers = np.zeros((len(members), width), dtype=np.int64)
        for k, m in enumerate(members):
            own = range(start + m * BLOCK, min(start + (m + 1) * BLOCK, stop))
            nodes = [*paths[m], *own]
            keys[k, : len(nodes)] = nodes
            pointers[k, : len(nodes)] = columns(nodes)
        queries = start + np.array(members)[:, None] * BLOCK + np.arange(BLOCK)
        blocks.append(_blocks(trie, np.array(members), pointers, queries, keys, stop))
    keep = np.array(columns(trie.path(stop)), dtype=np.int64)
    return Pack(start, stop, len(above), keep, tuple(blocks))


def _blocks(trie: Trie, members: Ints, columns: Ints, queries: Ints, keys: Ints, stop: int) -> Blocks:
    query = np.minimum(queries, stop - 1)  # a padded query repeats the last node: its output is dropped
    key = np.maximum(keys, 0)
    descends = (keys[:, None, :] <= query[:, :, None]) & (query[:, :, None] < trie.end[key][:, None, :])
    allowed = descends & (keys >= 0)[:, None, :]
    return Blocks(members, columns, allowed, trie.depth[query], trie.depth[key])
