"""What is known of a file before it is used: the same, in whatever batches it is read."""

import pandas as pd
import pytest

from bitsperfact import claims
from bitsperfact.claims import build, statements
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.rows import text_hashes


@pytest.fixture
def small_batches(monkeypatch):
    for module in (build, statements):
        monkeypatch.setattr(module, "BATCH_ROWS", 3)


def rows(n):
    return "".join(f"g{i % 17},text {i},{int(i % 4 == 0)}\n" for i in range(n))


def test_a_sample_is_that_of_a_shuffle_held_in_memory(write, small_batches):
    """Entities by the hash of the question that stands first without the seed, in whatever batches it is met."""
    asked = "".join(f"g{i % 17},question {i % 5},text {i},{int(i % 4 == 0)}\n" for i in range(100))
    path = write("a.csv", "group,prefix,target,is_fact\n" + asked)
    whole = claims.load(path).frame
    first, place = {}, {}
    for row in whole.assign(rank=text_hashes(whole["prefix"])).sort_values("rank").itertuples():
        first.setdefault(row.group, row.prefix)
        place[row.group] = sha256_of_text("3", first[row.group] + row.group)
    facts = whole.groupby("group")["is_fact"].sum()
    for limit in (1, 12, 25, 26):
        kept, held = set(), 0
        for group in sorted(place, key=place.get):
            if held < limit:
                kept.add(group)
                held += facts[group]
        found = claims.load(path, seed=3, limit=limit).frame
        pd.testing.assert_frame_equal(found, whole[whole["group"].isin(kept)].reset_index(drop=True))


def test_the_order_of_rows_does_not_choose(write):
    lines = rows(200).splitlines()
    orders = ["\n".join(["group,statement,label", *order]) for order in (lines, lines[::-1])]
    found = [claims.load(write("a.csv", text), seed=1, limit=9).frame for text in orders]
    assert 9 <= found[0]["is_fact"].sum() < 50
    assert set(found[0]["claim_id"]) == set(found[1]["claim_id"])


@pytest.mark.parametrize(
    ("label", "said"),
    [("1", "row 90: expected each claim once, got row 5 again"), ("0", "row 90: .* as in row 5")],
)
def test_a_text_given_twice_far_apart_is_found(write, small_batches, label, said):
    lines = rows(100).splitlines()
    lines[89] = f"other,text 4,{label}"
    with pytest.raises(BadInput, match=said):
        claims.load(write("a.csv", "\n".join(["group,statement,label", *lines]) + "\n"))


def test_a_slip_in_a_long_list_is_left_out_and_counted(write, small_batches):
    lines = rows(400).splitlines()
    lines[89], lines[90] = "g4,text 4,0", "g5,text 5,0"
    made = claims.load(write("a.csv", "\n".join(["group,statement,label", *lines]) + "\n"))
    # Text 4 is a fact in row 5 and none in row 90; text 5 stands twice with one label.
    assert not made.frame["target"].isin(["text 4"]).any()
    assert (made.frame["target"] == "text 5").sum() == 1
    assert made.info.universe_size == 400 - 3
    assert {note.reason: note.count for note in made.notes} == {
        "rows left out: a text with both labels": 2,
        "rows that repeat a claim": 1,
    }


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
