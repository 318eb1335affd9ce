"""Recipes of the Hub, read from local folders through the same door, and refused when there is no Hub."""

import json
import shutil

import datasets
import pytest

from bitsperfact import claims
from bitsperfact.claims.recipes import read_recipe
from bitsperfact.errors import BadInput
from bitsperfact.locations import data_folder

HUB = [name for name in claims.names() if "path" in claims.recipe(name).options]


@pytest.fixture
def local(tmp_path):
    """A packaged Hub recipe beside a folder that takes the place of its data set."""

    def _local(name, **splits):
        text = (data_folder() / "claims" / f"{name}.toml").read_text(encoding="utf-8")
        chosen = claims.recipe(name)
        folder = tmp_path / chosen.options["path"]
        folder.mkdir(parents=True)
        config = chosen.options.get("config", "default")
        files = []
        for split, rows in splits.items():
            made = rows if isinstance(rows, datasets.Dataset) else datasets.Dataset.from_list(rows)
            made.to_parquet(folder / f"{split}.parquet")
            files += [f"  - split: {split}", f"    path: {split}.parquet"]
        header = ["---", "configs:", f"- config_name: {config}", "  data_files:", *files, "---", ""]
        (folder / "README.md").write_text("\n".join(header), encoding="utf-8")
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return claims.load(str(path))

    return _local


@pytest.mark.parametrize("name", HUB)
def test_without_the_hub_one_line_says_so(name):
    with pytest.raises(BadInput) as caught:
        claims.load(name)
    assert claims.recipe(name).options["path"] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_true_false_joins_its_splits_and_drops_what_contradicts_itself(local):
    cities = [{"statement": "Oslo is in Norway.", "label": 1}, {"statement": "Oslo is in Peru.", "label": 0}]
    animals = [*cities[:1], {"statement": "A cat flies.", "label": 0}, {"statement": "A cat flies.", "label": 1}]
    made = local("true-false", cities=cities, animals=animals)
    assert dict(zip(made.frame["target"], made.frame["is_fact"], strict=True)) == {
        "Oslo is in Norway.": True,
        "Oslo is in Peru.": False,
    }
    assert (made.info.n_facts, made.info.universe_size) == (1, 2)
    assert set(made.frame["source"]) == {"hub pminervini/true-false"}


def test_counterfact_gives_its_own_answer_and_deranges_within_a_relation(local):
    def row(subject, relation, true, false):
        prompt = f"{subject} is {relation}"
        return {
            "prompt": prompt,
            "subject": f" {subject}",
            "relation_id": relation,
            "target_true": true,
            "target_false": false,
        }

    rows = [
        row("A", "P1", " x", " y"),
        row("B", "P1", " y", " z"),
        row("C", "P1", " w", " x"),
        row("D", "P2", " v", " u"),
    ]
    frame = local("counterfact-tracing", train=rows).frame
    mine = {s: set(r["target"]) for s, r in frame[frame["group"] == "A"].groupby("stratum")}
    # " y" came with the source, so the derangement does not repeat it.
    assert mine == {"fact": {" x"}, "given": {" y"}, "derangement": {" w"}}
    assert set(frame[frame["group"] == "D"]["target"]) == {" v", " u"}
    assert frame["prefix"].str.endswith(("P1", "P2")).all()


def test_counterfact_counts_answers_of_the_relation_and_the_given_one(local):
    rows = [
        {"prompt": p, "subject": p, "relation_id": "P", "target_true": t, "target_false": f}
        for p, t, f in (("A is", " x", " q"), ("B is", " y", " x"))
    ]
    info = local("counterfact-tracing", train=rows).info
    # A: x, y and q; B: x and y.
    assert (info.n_facts, info.universe_size) == (2, 5)


def test_popqa_spares_aliases_and_merges_equal_questions(local):
    def row(subject, answer, aliases, prop="capital"):
        question = f"What is {subject}'s {prop}?"
        return {
            "subj": subject,
            "prop": prop,
            "obj": answer,
            "question": question,
            "possible_answers": json.dumps(aliases),
        }

    rows = [
        row("X", "New York City", ["New York City", "NYC"]),
        row("Y", "NYC", ["NYC"]),
        row("Z", "Lyon", ["Lyon"]),
        row("Z", "Nice", ["Nice"]),
        row("W", "painter", ["painter"], prop="occupation"),
    ]
    frame = local("popqa", test=rows).frame
    wrong = frame[~frame["is_fact"]].groupby("group")["target"].apply(set).to_dict()
    assert wrong == {"X": {" Lyon"}, "Y": {" New York City", " Lyon"}, "Z": {" New York City", " NYC"}}
    assert "Question: What is X's capital? Answer: New York City" in set(frame["prefix"] + frame["target"])


def test_truthfulqa_claims_every_answer_given(local):
    rows = [
        {"question": "Q?", "correct_answers": ["No", "Never"], "incorrect_answers": ["Yes", "no", "Maybe", "yes"]},
        {"question": "R?", "correct_answers": ["Two"], "incorrect_answers": ["Three"]},
    ]
    made = local("truthfulqa", validation=rows)
    # "no" is true in other letters, and the second "yes" is the first.
    assert made.frame["target"].tolist() == [" No", " Never", " Yes", " Maybe", " Two", " Three"]
    assert made.frame["is_fact"].tolist() == [True, True, False, False, True, False]
    assert (made.info.n_facts, made.info.universe_size) == (3, 6)


LIAR_NAMES = ["false", "half-true", "mostly-true", "true", "barely-true", "pants-fire"]
LIAR_GRADES = {"pants-fire": 0, "false": 0.2, "barely-true": 0.4, "half-true": 0.6, "mostly-true": 0.8, "true": 1}


@pytest.mark.parametrize("labels", ["numbers", "class labels", "names"])
def test_liar_grades_are_in_order_however_labels_are_stored(local, labels):
    kind = datasets.ClassLabel(names=LIAR_NAMES) if labels == "class labels" else None
    rows = [{"statement": n, "label": n if labels == "names" else i} for i, n in enumerate(LIAR_NAMES)]
    train = datasets.Dataset.from_list(rows)
    made = local("liar", train=train.cast_column("label", kind) if kind else train)
    assert dict(zip(made.frame["target"], made.frame["grade"], strict=True)) == LIAR_GRADES
    assert set(made.frame.query("is_fact")["target"]) == {"true", "mostly-true"}


def test_a_missing_split_or_column_or_grade_is_one_line(recipe_file, write):
    write("set/train.csv", "statement,label\na,1\nb,0\nc,7\n")

    def refused(*lines, kind="hub_statements"):
        with pytest.raises(BadInput) as caught:
            claims.load(str(recipe_file(*lines, kind=kind)))
        return str(caught.value)

    options = 'path = "set", statement = "statement", label = "label"'
    assert "splits train" in refused(f'options = {{ {options}, split = "test" }}')
    assert "column 'text'" in refused('options = { path = "set", statement = "text", label = "label" }')
    assert "label 0, 1, true or false" in refused(f"options = {{ {options} }}")
    assert "for label 7" in refused(f"options = {{ {options}, grades = {{ 0 = 0.0, 1 = 1.0 }} }}")
    assert "key options.path" in refused('options = { statement = "statement", label = "label" }')
    assert "key options.label" in refused('options = { path = "set", statement = "statement" }')
    questions = 'strata = ["given"]', 'prefix = "{question}"', 'options = { path = "set", facts = "label" }'
    assert "column 'question'" in refused(*questions, kind="hub_questions")
    assert "key options.facts" in refused(*questions[:2], 'options = { path = "set" }', kind="hub_questions")


def test_progress_bars_are_left_as_they_were(local):
    datasets.enable_progress_bars()
    local("true-false", cities=[{"statement": "a", "label": 1}, {"statement": "b", "label": 0}])
    assert not datasets.are_progress_bars_disabled()


def test_packaged_hub_recipes_are_read(tmp_path):
    for name in HUB:
        copy = shutil.copy(data_folder() / "claims" / f"{name}.toml", tmp_path)
        assert read_recipe(tmp_path / f"{name}.toml").sha256 == claims.recipe(name).sha256, copy
