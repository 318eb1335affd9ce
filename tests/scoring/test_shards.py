"""Requests on disk: sorted as in memory, whatever fits there, and every one found again."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.rows import InMemory, Stored, text_hashes
from bitsperfact.scoring import shards
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.views import Unlabelled

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=40), st.integers(1, 9), st.integers(1, 9))
def test_requests_beyond_memory_are_sorted_and_found_again(asked, at_once, most):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(shards, "SORTED_AT_ONCE", at_once)
        made = shards.sorted_shards((Request(*each) for each in asked), len(asked), most, Path(folder) / "asked")
        parts = [made.shards.read(at) for at in range(len(made.shards))]
        assert [path.name for path in Path(folder).iterdir()] == ["asked"]
    together = [request for part in parts for request in part]
    assert together == sorted(set(map(Request._make, asked)))
    assert [together[slot] for slot in made.slots] == asked
    assert made.shards.sizes.tolist() == [len(part) for part in parts]
    assert max(made.shards.sizes) <= most


def test_a_score_cannot_read_what_is_true():
    rows = Unlabelled(InMemory("claims", pd.DataFrame({"claim_id": ["a"], "is_fact": [True]})))
    assert [len(batch) for batch in rows.batches(["claim_id"])] == [1]
    with pytest.raises(ValueError, match="is_fact"):
        rows.batches(["claim_id", "is_fact"])
    with pytest.raises(ValueError, match="stratum"):
        rows.row(0, ["stratum"])


def test_hashes_of_texts_depend_on_where_a_text_ends():
    frame = pd.DataFrame({"a": ["x", "xy", "x"], "b": ["yz", "z", "yz"]})
    one, other, again = text_hashes(frame["a"], frame["b"])
    assert one == again != other


def test_a_file_that_broke_since_is_named(tmp_path):
    (tmp_path / "claims.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"claims\.parquet"):
        Stored("claims", tmp_path / "claims.parquet")
