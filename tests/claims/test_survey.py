"""What is known of a file before it is used: the same, in whatever batches it is read."""

import pandas as pd
import pytest

from bitsperfact import claims
from bitsperfact.claims import build, loading, statements
from bitsperfact.errors import BadInput


@pytest.fixture
def small_batches(monkeypatch):
    for module in (build, loading, statements):
        monkeypatch.setattr(module, "BATCH_ROWS", 3)


def rows(n):
    return "".join(f"g{i % 17},text {i},{int(i % 4 == 0)}\n" for i in range(n))


def test_a_sample_is_that_of_a_shuffle_held_in_memory(write, small_batches):
    path = write("a.csv", "group,statement,label\n" + rows(200))
    whole = claims.load(path).frame
    per_group = whole.groupby("group", sort=False)["is_fact"].sum()
    for limit in (1, 5, 20, 49, 50, 51):
        kept, held = set(), 0
        for at in build.shuffled(list(per_group.index), 3):
            if held < limit:
                kept.add(per_group.index[at])
                held += per_group.iloc[at]
        found = claims.load(path, seed=3, limit=limit).frame
        pd.testing.assert_frame_equal(found, whole[whole["group"].isin(kept)].reset_index(drop=True))


@pytest.mark.parametrize(
    ("label", "said"),
    [("1", "row 90: expected each claim once, got row 5 again"), ("0", "row 90: .* as in row 5")],
)
def test_a_text_given_twice_far_apart_is_found(write, small_batches, label, said):
    lines = rows(100).splitlines()
    lines[89] = f"other,text 4,{label}"
    with pytest.raises(BadInput, match=said):
        claims.load(write("a.csv", "\n".join(["group,statement,label", *lines]) + "\n"))


def test_sets_that_are_written_batch_by_batch_have_the_fingerprints_of_whole_ones(write, small_batches, tmp_path):
    sources = [str(write("a.csv", "group,statement,label\n" + rows(50))), "capitals"]
    with claims.written(
        [claims.stream_all(s, limit=8)[0] for s in sources], tmp_path / "claims.parquet"
    ) as written:
        assert not (tmp_path / "claims.parquet").exists()
    whole = [claims.load(s, limit=8) for s in sources]
    assert [each.fingerprint for each in written] == [each.fingerprint for each in whole]
    for each, made in zip(written, whole, strict=True):
        pd.testing.assert_frame_equal(each.rows.frame(), made.frame)


def test_a_claim_in_two_batches_is_refused_and_nothing_is_left(tmp_path):
    made = claims.load("capitals", limit=4)
    twice = claims.ClaimStream(made.info, lambda: iter([made.frame, made.frame.iloc[5:]]))
    with (
        pytest.raises(BadInput, match=f"each key once, got '{made.frame['claim_id'][5]}'"),
        claims.written([twice], tmp_path / "claims.parquet"),
    ):
        pytest.fail("written")
    assert not list(tmp_path.iterdir())
