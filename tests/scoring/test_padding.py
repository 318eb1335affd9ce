from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.scoring.engine.memory import Budget
from bitsperfact.scoring.engine.padding import batches, distinct_rows
from bitsperfact.scoring.tokens import TokenizedRequest

# Two symbols and short sequences: many shared prefixes, duplicates and nested rows.
SEQUENCES = st.lists(st.lists(st.integers(0, 1), min_size=2, max_size=7), min_size=1, max_size=40)


def tokenized(sequences):
    return [TokenizedRequest(tuple(ids), 1, 0, boundary_ok=True) for ids in sequences]


@given(SEQUENCES)
def test_rows_serve_every_request_once_and_are_the_fewest(sequences):
    requests = tokenized(sequences)
    rows = distinct_rows(requests)
    served = sorted(i for row in rows for i in row.requests)
    assert served == list(range(len(requests)))
    for row in rows:
        assert all(row.ids[: len(requests[i].ids) - 1] == requests[i].ids[:-1] for i in row.requests)
    inputs = {r.ids[:-1] for r in requests}
    maximal = {a for a in inputs if not any(a != b and b[: len(a)] == a for b in inputs)}
    assert sorted(row.ids for row in rows) == sorted(maximal)


@given(SEQUENCES, st.integers(1, 40), st.integers(1, 40))
def test_batches_hold_every_row_once_within_both_budgets(sequences, batch_tokens, batch_positions):
    requests = tokenized(sequences)
    rows = distinct_rows(requests)
    cut = list(batches(rows, requests, Budget(batch_tokens, batch_positions)))
    assert sorted(row.ids for batch in cut for row in batch) == sorted(row.ids for row in rows)
    for batch in cut:
        reads = sum(requests[i].n_tokens for row in batch for i in row.requests)
        padded = len(batch) * max(len(row.ids) for row in batch)
        assert len(batch) == 1 or (padded <= batch_tokens and reads <= batch_positions)
