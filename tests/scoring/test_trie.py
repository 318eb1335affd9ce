import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.scoring.engine.memory import Budget
from bitsperfact.scoring.engine.packs import BLOCK, packs
from bitsperfact.scoring.engine.trie import token_trie
from bitsperfact.scoring.tokens import TokenizedRequest

# Two symbols and short sequences: many shared prefixes, duplicates and nested rows; a few long runs of one symbol.
IDS = st.lists(st.integers(0, 1), min_size=2, max_size=7) | st.integers(2, 3 * BLOCK).map(lambda n: [1] * n)


@st.composite
def requests(draw):
    found = []
    for ids in draw(st.lists(IDS, min_size=1, max_size=40)):
        n_context = draw(st.integers(1, len(ids) - 1))
        found.append(TokenizedRequest(tuple(ids), n_context, 0, boundary_ok=True))
    return found


def prefix(trie, node) -> tuple[int, ...]:
    return tuple(int(trie.ids[n]) for n in [*trie.path(node), node])


@given(requests())
def test_nodes_are_the_distinct_prefixes_of_the_inputs_each_once(asked):
    trie = token_trie(asked)
    expected = {r.ids[:k] for r in asked for k in range(1, len(r.ids))}
    found = [prefix(trie, node) for node in range(len(trie))]
    assert len(found) == len(expected)
    assert set(found) == expected
    np.testing.assert_array_equal(trie.depth, [len(p) - 1 for p in found])
    for node in range(len(trie)):
        below = [k for k in range(len(trie)) if found[k][: len(found[node])] == found[node]]
        assert below == list(range(node, trie.end[node]))


@given(requests())
def test_every_scored_token_is_read_once_after_what_precedes_it(asked):
    trie = token_trie(asked)
    read = sorted(
        (int(i), prefix(trie, n), int(t)) for i, n, t in zip(trie.owners, trie.nodes, trie.targets, strict=True)
    )
    expected = [(i, r.ids[:k], r.ids[k]) for i, r in enumerate(asked) for k in range(r.n_context, len(r.ids))]
    assert read == sorted(expected)
    assert (np.diff(trie.nodes) >= 0).all()


@given(requests(), st.integers(1, 3 * BLOCK), st.none() | st.integers(1, 20))
def test_packs_show_every_node_its_ancestors_and_nothing_else(asked, pack_nodes, pack_positions):
    trie = token_trie(asked)
    above: list[int] = []  # nodes whose keys the previous pack left
    cut = list(packs(trie, Budget(pack_nodes, pack_positions)))
    assert [p.start for p in cut] == [0, *(p.stop for p in cut[:-1])]
    assert cut[-1].stop == len(trie)
    for pack in cut:
        own = list(range(pack.start, pack.stop))
        assert len(own) <= pack_nodes
        scored = np.intersect1d(trie.nodes, own)
        assert pack_positions is None or len(own) == 1 or len(scored) <= pack_positions
        assert pack.n_above == len(above)
        nodes = np.array([*above, *own])
        seen = {}
        for blocks in pack.blocks:
            for m, member in enumerate(blocks.members):
                for q in range(BLOCK):
                    visible = blocks.columns[m][blocks.allowed[m, q]]
                    assert len(visible) > 0
                    if (node := pack.start + member * BLOCK + q) < pack.stop:
                        seen[int(node)] = nodes[visible].tolist()
                        np.testing.assert_array_equal(
                            blocks.key_depth[m][blocks.allowed[m, q]], trie.depth[nodes[visible]]
                        )
                        assert blocks.query_depth[m, q] == trie.depth[node]
        assert seen == {node: [*trie.path(node), node] for node in own}
        above = nodes[pack.keep].tolist()
