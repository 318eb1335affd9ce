"""Claims over a table's own columns, and what tells users of bare statements that there is a better form."""

import pytest

from bitsperfact import claims
from bitsperfact.errors import BadInput

CITIES = [
    {
        "statement": f"The city of C{i}ville is in {country}.",
        "label": int(country == right),
        "city": f"C{i}ville",
        "country": country,
    }
    for i in range(12)
    for right, country in (("France", "France"), ("France", "Peru"))
]
TEMPLATE = "The city of {city} is in| {country}."


def test_rows_with_labels_are_claims_of_prefix_target_and_group():
    made = claims.load(CITIES, template=TEMPLATE)
    assert made.frame["prefix"].unique().tolist() == [f"The city of C{i}ville is in" for i in range(12)]
    assert set(made.frame["target"]) == {" France.", " Peru."}
    assert made.frame["group"].nunique() == 12
    assert made.frame["is_fact"].tolist() == [bool(row["label"]) for row in CITIES]
    assert (made.frame["prefix"] + made.frame["target"]).tolist() == [row["statement"] for row in CITIES]


def test_rows_without_labels_are_facts_and_others_answers_are_not():
    rows = [{"city": f"C{i}", "country": country} for i, country in enumerate(["A", "B", "C"])]
    made = claims.load(rows, template="{city} is in| {country}")
    assert made.frame["is_fact"].sum() == 3
    assert made.frame.groupby("prefix")["target"].apply(set).tolist() == [{" A", " B", " C"}] * 3
    assert made.info.n_facts == 3


def test_bare_statements_are_told_the_template_that_gives_them():
    (note,) = [note for note in claims.load(CITIES).notes if "bare" in note.reason]
    assert f'--template "{TEMPLATE}"' in note.reason
    # What is proposed gives the same claims.
    made = claims.load(CITIES, template=TEMPLATE)
    assert sorted(made.frame["prefix"] + made.frame["target"]) == sorted(claims.load(CITIES).frame["target"])


def test_statements_that_begin_alike_are_told_so():
    rows = [{"statement": row["statement"], "label": row["label"]} for row in CITIES]
    (note,) = claims.load(rows).notes
    assert "many begin alike" in note.reason
    assert "'The city of C0ville is in' and ' France.'" in note.reason


def test_statements_that_share_nothing_are_left_alone():
    words = ["tiger", "apple", "copper", "seven", "orange", "window", "letter", "bridge", "garden", "silver"]
    rows = [
        {"statement": f"{word.title()} thing {i} of its kind.", "label": i % 2} for i, word in enumerate(words)
    ]
    assert claims.load(rows).notes == ()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("no mark {city}", '"|" between'),
        ("{city} | is| {country}", '"|" between'),
        ("| {country}", '"|" between'),
        ("{city} is|", '"|" between'),
        ("{town} is| {country}", "column 'town'"),
        ("{city} is| here", "a target over a column"),
        ("{city is| {country}", "a broken one"),
        ("{} is| {country}", "a broken one"),
        ("{city:>9} is| {country}", "a broken one"),
    ],
)
def test_a_wrong_template_is_one_line(template, said):
    with pytest.raises(BadInput) as caught:
        claims.load(CITIES, template=template)
    assert said in str(caught.value)


def test_a_recipe_takes_no_template():
    with pytest.raises(BadInput, match="the recipe capitals"):
        claims.load("capitals", template=TEMPLATE)
    with pytest.raises(BadInput, match="one column in the target"):
        claims.load([{"a": "x", "b": "y", "c": "z"}], template="{a} is| {b} {c}")
