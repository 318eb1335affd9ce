"""Where prefix and target meet: a missing space is told, and one that tells facts apart is refused."""

import pytest

from bitsperfact import claims
from bitsperfact.claims.recipes import default_target
from bitsperfact.errors import BadInput


def rows(prefix, facts, others):
    return [
        {"prefix": prefix.format(i), "target": target, "is_fact": label}
        for i in range(10)
        for label, targets in ((1, facts), (0, others))
        for target in targets
    ]


def test_a_missing_space_is_told_with_an_example():
    made = claims.load(rows("The capital of P{} is", ["Lima"], ["Quito"]))
    (note,) = made.notes
    assert (note.count, note.reason) == (20, "no space between prefix and target, read as written")
    assert "isLima" in note.example


@pytest.mark.parametrize("joint", [("P{} is ", " Lima", " Quito"), ("P{} is", "  Lima", "  Quito")])
def test_two_spaces_are_told_as_well(joint):
    prefix, fact, other = joint
    (note,) = claims.load(rows(prefix, [fact], [other])).notes
    assert (note.count, note.reason) == (20, "two spaces between prefix and target, read as written")


@pytest.mark.parametrize(
    ("prefix", "target"),
    [
        ("The capital of Peru is", " {answer}"),
        ("Capital:", " {answer}"),
        ('The opposite of "hot"', " {answer}"),
        ('In German it is "', "{answer}"),
        ("Code X-", "{answer}"),
        ("Peru –", " {answer}"),
        ("It costs $", "{answer}"),
        ("Peru (", "{answer}"),
        ("Peru ", "{answer}"),
        ("秘鲁的首都是", "{answer}"),
        ("{question}", " {answer}"),
        ("", "{answer}"),
    ],
)
def test_an_answer_follows_after_a_space_where_one_is_due(prefix, target):
    assert default_target(prefix) == target


QUIET = {
    "a space": ("P{} is", " Lima", " Quito"),
    "a space in the prefix": ("P{} is ", "Lima", "Quito"),
    "Chinese": ("P{}的首都是", "利马", "基多"),
    "Japanese": ("P{}の首都は", "リマ", "キト"),
    "Thai": ("P{}เมืองหลวงคือ", "ลิมา", "กีโต"),
    "punctuation": ("P{} is", ", Lima", "; Quito"),
    "an opening bracket": ("P{} (", "Lima", "Quito"),
    "a code": ("P{}-", "LIM", "QUI"),
    "money": ("P{} costs $", "5", "6"),
    "a number in two scripts": ("P{}是", "5", "6"),
}


@pytest.mark.parametrize("case", QUIET)
def test_what_is_joined_as_its_script_joins_is_quiet(case):
    prefix, fact, other = QUIET[case]
    assert claims.load(rows(prefix, [fact], [other])).notes == ()


UNEQUAL = {
    "facts alone have a space": ("P{} is", [" Lima"], ["Quito"]),
    "non-facts alone have a space": ("P{} is", ["Lima"], [" Quito"]),
    "half of the non-facts": ("P{} is", [" Lima"], ["Quito", " Bonn"]),
    "two spaces": ("P{} is ", ["Lima"], [" Quito"]),
    "two spaces in the target": ("P{} is", ["  Lima"], [" Quito"]),
    "a blank of another kind": ("P{} is", ["\u00a0Lima"], [" Quito"]),
    "in Chinese too": ("P{}的首都是", ["利马"], [" 基多"]),
}


@pytest.mark.parametrize("case", UNEQUAL)
def test_a_joint_that_tells_facts_apart_is_refused(case, tmp_path):
    made = rows(*UNEQUAL[case])
    with pytest.raises(BadInput, match="joined alike in facts and non-facts") as caught:
        claims.load(made)
    assert "%" in str(caught.value)
    # And where sets are written batch by batch.
    with (
        pytest.raises(BadInput, match="joined alike"),
        claims.written(claims.stream_all(made), tmp_path / "c.parquet"),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_joints_that_are_as_uneven_in_both_classes_pass():
    assert claims.load(rows("P{} is", [" a", "b"], [" c", "d"])).notes[0].count == 20


def test_no_packaged_set_is_joined_badly(tmp_path):
    for name in ("capitals", "strings", "dialling", "words"):
        assert claims.load(name, limit=20).notes == ()
