"""Which token prefixes a model must compute: the distinct ones, each once, as the nodes of a trie.

A causal model's state after a token depends on the tokens up to it alone. So the claims of one model need one
state per distinct prefix of their inputs, however many claims share it. Nothing exact computes fewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.scoring.tokens import TokenizedRequest, common_prefix_length

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Trie:
    """The distinct prefixes in depth-first order, and who reads what from them.

    Node k is the prefix that ends in token `ids[k]`; shapes (n_nodes,). A node's descendants are the nodes after
    it up to `end`. Reads, shapes (n_reads,): request `owners[r]` needs the log-probability of token `targets[r]`
    after node `nodes[r]`; in the order of `nodes`.
    """

    ids: Ints
    parent: Ints  # -1 for the first token of a row
    depth: Ints  # tokens before it, >= 0
    end: Ints
    owners: Ints
    nodes: Ints
    targets: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, node: int) -> list[int]:
        """Return ancestors of a node, first token first; of the node after the last one, none."""
        found: list[int] = []
        above = int(self.parent[node]) if node < len(self) else -1
        while above >= 0:
            found.append(above)
            above = int(self.parent[above])
        return found[::-1]


def token_trie(requests: Sequence[TokenizedRequest]) -> Trie:
    """Return the trie of the requests' inputs, which are all their tokens but the last.

    In lexicographic order the inputs that share a prefix stand together, so one pass finds every node once.
    """
    ids: list[int] = []
    parent: list[int] = []
    depth: list[int] = []
    end: list[int] = []
    reads: list[tuple[int, int, int]] = []
    path: list[int] = []
    before: tuple[int, ...] = ()
    for i in sorted(range(len(requests)), key=lambda i: requests[i].ids):
        tokens, n_context = requests[i].ids, requests[i].n_context
        row = tokens[:-1]
        shared = common_prefix_length(before, row)
        for closed in path[shared:]:
            end[closed] = len(ids)
        del path[shared:]
        for token in row[shared:]:
            parent.append(path[-1] if path else -1)
            depth.append(len(path))
            path.append(len(ids))
            ids.append(token)
            end.append(-1)
        reads += [(path[k], i, tokens[k + 1]) for k in range(n_context - 1, len(row))]
        before = row
    for closed in path:
        end[closed] = len(ids)
    nodes, owners, targets = (np.array(c, dtype=np.int64) for c in zip(*sorted(reads), strict=True))
    return Trie(np.array(ids), np.array(parent), np.array(depth), np.array(end), owners, nodes, targets)
