"""Scores from elsewhere: what a table gives is what a run gives, what it lacks is unknown, no cell is guessed."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bitsperfact
from bitsperfact import analysis, cli, console, pipeline, report, tables
from bitsperfact.analysis.pattern import FittedPattern
from bitsperfact.errors import BadInput
from bitsperfact.outside.gathering import gathered
from tests.conftest import write_capitals

REPLICATES = 10
LEAST = ["model", "claim_set", "group", "is_fact", "score"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory, own_cache):
    """A run of two tiny networks on six countries, by two scores."""
    folder = tmp_path_factory.mktemp("ran")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BITSPERFACT_CACHE", str(own_cache))
        options = pipeline.Options(
            model=("random:tiny", "random:tiny-bos"),
            claims=(str(write_capitals(folder / "six.csv")),),
            out=folder / "run",
            score=("logprob_mean", "logprob"),
            replicates=REPLICATES,
            cache=False,
            progress=False,
        )
        return pipeline.run(options)


@pytest.fixture(scope="module")
def exported(ran):
    """All that the run holds as one table of scores; text columns and numbers, as a person would write it."""
    rows = ran.scores.drop(columns=["n_tokens", "n_bytes", "logprob_sum", "boundary_ok"]).merge(ran.claims)
    models = pd.DataFrame([vars(info) for info in ran.models]).rename(columns={"name": "model"})
    sets = pd.DataFrame([vars(info) for info in ran.claim_sets]).rename(columns={"name": "claim_set"})
    rows = rows.merge(models[["model", "n_params", "memory_bits", "architecture"]])
    rows = rows.merge(sets[["claim_set", "n_facts", "universe_size", "licence", "description"]])
    return rows.rename(columns={"score": "score_name", "value": "score"})


def scores_of(model="api/one", shift=3.0, n=24, seed=0, **more):
    """A table of the least columns: a fact and three non-facts of each entity, told apart by normal scores."""
    rng = np.random.default_rng(seed)
    facts = np.tile([True, False, False, False], n)
    return pd.DataFrame(
        {
            "model": model,
            "claim_set": "own",
            "group": np.repeat([f"entity {place}" for place in range(n)], 4),
            "is_fact": facts,
            "score": rng.normal(size=4 * n) + shift * facts,
            **more,
        }
    )


def with_text(frame):
    number = frame.groupby(["model", "group"]).cumcount().astype(str)
    return frame.assign(prefix="The seat of " + frame["group"] + " is", target=" Town " + number + frame["group"])


def ordered(separation, without=()):
    kept = separation[~separation["quantity"].isin(without)]
    return kept.sort_values(tables.KEYS["separation"], ignore_index=True)


def same(one, other, without=()):
    pd.testing.assert_frame_equal(ordered(one, without), ordered(other, without), check_exact=True)


def test_a_run_that_is_written_as_a_table_has_the_same_separation_to_the_last_digit(ran, exported, tmp_path):
    exported.to_csv(tmp_path / "scores.csv", index=False)
    found = bitsperfact.analyse_scores(tmp_path / "scores.csv", tmp_path / "run", replicates=REPLICATES)
    same(found.separation, ran.separation)
    columns = ["prediction", "score", "status", "reason"]
    verdicts = [run.verdict.sort_values(tables.KEYS["verdict"])[columns].to_dict("list") for run in (found, ran)]
    assert verdicts[0] == verdicts[1]
    assert found.manifest["notes"] == []
    assert sorted(found.claims["claim_id"]) == sorted(ran.claims["claim_id"])
    assert "<svg" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    pd.testing.assert_frame_equal(bitsperfact.load_run(tmp_path / "run").separation, found.separation)


def written(frame, path):
    ending = path.name.removesuffix(".gz").rpartition(".")[2]
    data = io.BytesIO()
    if ending == "parquet":
        frame.to_parquet(data)
    elif ending == "jsonl":
        data.write("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")).encode())
    else:
        data.write(frame.to_csv(index=False, sep="\t" if ending == "tsv" else ",").encode("utf-8-sig"))
    path.write_bytes(gzip.compress(data.getvalue()) if path.suffix == ".gz" else data.getvalue())
    return path


@pytest.mark.parametrize("name", ["s.tsv", "s.csv.gz", "s.tsv.gz", "s.jsonl", "s.jsonl.gz", "s.parquet"])
def test_every_form_of_one_table_is_one_table(exported, tmp_path, name):
    table = exported.assign(group=exported["group"].replace("Peru", "0034"), source="here")
    one, other = gathered([table]), gathered([written(table, tmp_path / name)])
    pd.testing.assert_frame_equal(one.claims, other.claims, check_exact=True)
    pd.testing.assert_frame_equal(one.scores, other.scores, check_exact=True)
    assert (one.claim_sets, one.models) == (other.claim_sets, other.models)
    assert "0034" in set(one.claims["group"])


def test_the_columns_of_a_runs_own_tables_are_read_as_they_are(exported):
    own = exported.rename(columns={"score": "value", "score_name": "score"})
    pd.testing.assert_frame_equal(gathered([own]).scores, gathered([exported]).scores)
    assert gathered([exported.to_dict("records")]).models == gathered([exported]).models


def test_a_cell_is_text_as_it_is_written(tmp_path):
    rows = ["own,01234,1,.5", "own,NA,0,1e-1", "own,1998,TRUE,-3", "own,None,False,2"]
    (tmp_path / "s.csv").write_text("model, claim_set ,group,is_fact,score\n" + "".join(f"m,{r}\n" for r in rows))
    found = gathered([tmp_path / "s.csv"])
    assert found.claims["group"].tolist() == ["01234", "NA", "1998", "None"]
    assert found.claims["is_fact"].tolist() == [True, False, True, False]
    assert found.scores["value"].tolist() == [0.5, 0.1, -3.0, 2.0]


def changed(column, value, row=5):
    def change(frame):
        frame = frame.astype({column: object})
        frame.loc[row - 1, column] = value
        return frame

    return change


BAD = {
    "no number": (changed("score", "high"), r"scores, row 5, score: expected a finite number, got 'high'"),
    "no score": (changed("score", None), r"row 5, score: expected a finite number, got None"),
    "infinite": (changed("score", "-inf"), r"row 5, score: expected a finite number, got '-inf'"),
    "no score at all": (
        changed("score", -np.finfo(float).max),
        r"row 5, score: expected a finite number, got -1.79",
    ),
    "decimal comma": (changed("score", "0,5"), r"row 5, score: expected a finite number, got '0,5'"),
    "a label for a score": (changed("score", True), r"row 5, score: expected a finite number"),
    "no label": (changed("is_fact", "maybe"), r"row 5, is_fact: expected label .*got 'maybe'"),
    "absent label": (changed("is_fact", None), r"row 5, is_fact: expected label .*got None"),
    "two is no label": (changed("is_fact", 2), r"row 5, is_fact: expected label"),
    "blank model": (changed("model", "  "), r"row 5, model: expected one that is not blank, got ' +'"),
    "absent set": (changed("claim_set", None), r"row 5, claim_set: expected one that is not blank"),
    "blank group": (changed("group", ""), r"row 5, group: expected one that is not blank"),
    "a number for a name": (changed("group", 3.5), r"row 5, group: expected text, got 3.5"),
    "half a pair": (changed("group", "\ud800"), r"row 5, group: expected Unicode text"),
    "the baseline's name": (changed("model", "pattern"), r"row 5: expected a model of another name"),
    "best is no score": (lambda f: changed("score_name", "best")(f.assign(score_name="a")), r"row 5: .*score"),
    "stratum of a fact": (lambda f: f.assign(stratum="near"), r"row 1: expected stratum fact"),
    "no stratum": (lambda f: f.assign(stratum=f["is_fact"].map({True: "", False: "easy"})), r"row 2: .*'easy'"),
    "grade": (lambda f: f.assign(grade=1.5), r"row 1, grade: expected a number of at least 0 and at most 1"),
    "half a parameter": (lambda f: f.assign(n_params=0.5), r"row 1, n_params: expected a whole number of at leas"),
    "two sizes": (lambda f: changed("n_params", 7)(f.assign(n_params=5)), r"row 5, model .*n_params 5.*row 1.*7"),
    "two licences": (lambda f: changed("licence", "MIT")(f.assign(licence="CC0")), r"row 5, claim set own"),
    "fewer facts": (lambda f: f.assign(n_facts=3), r"claim set own: expected n_facts of at least the 24"),
    "small universe": (lambda f: f.assign(universe_size=30), r"universe_size of at least the 96"),
    "control": (lambda f: f.assign(control="chance"), r"row 1: expected control none"),
    "prefix alone": (lambda f: f.assign(prefix="p"), r"a column 'target' beside 'prefix', got none"),
    "a text is missing": (lambda f: changed("target", " ")(with_text(f)), r"row 5: expected a target"),
    "a claim twice": (
        lambda f: pd.concat([with_text(f), with_text(f).iloc[[2]]]),
        r"row 97: expected one score of each claim by a model, got another of 'The seat .*, as in scores, row 3",
    ),
    "an id twice": (lambda f: f.assign(claim_id=f.index // 2), r"row 2: expected one score of each claim"),
    "an id is missing": (lambda f: changed("claim_id", "")(f.assign(claim_id=f.index)), r"row 5: .*a claim_id"),
    "facts alone": (lambda f: f.assign(is_fact=1), r"scores of facts and of non-facts, got 96 facts, 0 non-fac"),
    "two orders": (
        lambda f: pd.concat([f, f.assign(model="b", is_fact=~f["is_fact"])]),
        r"row 97: expected is_fact True as in scores, row 1 .*known by their order\), got False",
    ),
    "two groups": (
        lambda f: pd.concat([f.assign(claim_id=f.index), f.assign(model="b", claim_id=f.index, group="g")]),
        r"row 97: expected group entity 0 as in scores, row 1 of the same claim, got g",
    ),
    "no rows": (lambda f: f.iloc[:0], r"expected scores, got no rows"),
    "column twice": (
        lambda f: f.assign(**{"model ": "b"}),
        r"expected each column once, got model twice",
    ),
    "claim set": (
        lambda f: f.rename(columns={"claim_set": "claim\xa0set"}),
        r"no column 'claim_set' \(near it: 'claim\\xa0set'\)",
    ),
    "Is Fact, scores": (
        lambda f: f.rename(columns={"is_fact": "Is Fact", "score": "scores"}),
        r"no column 'is_fact' \(near it: 'Is Fact'\); no column 'score' \(near it: 'scores'\)",
    ),
}


@pytest.mark.parametrize(("change", "match"), BAD.values(), ids=BAD.keys())
def test_a_table_that_cannot_be_used_is_refused_in_one_line(change, match, tmp_path):
    with pytest.raises(BadInput, match=match) as error:
        bitsperfact.analyse_scores(change(scores_of()), tmp_path / "run")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


FILES = {
    "s.txt": (b"x", r"expected a file ending in .csv"),
    "s.csv": (b" \n", r"expected rows, got an empty file"),
    "a.csv": (b"model,claim_set\n1,2,3\n", r"a.csv, row 1: expected 2 cells as in the header, got 3"),
    "b.csv": (b'model\n"1\n', r"b.csv, row 1: expected CSV"),
    "c.csv": (b"model\na\n\xff\n", r"c.csv, line 3: expected text in UTF-8, got byte 0xff"),
    "s.csv.gz": (b"model", r"expected a whole gzip file"),
    "s.jsonl": (b'{"model": 1}\n[2]\n', r"s.jsonl, row 2: expected a JSON object, got list"),
    "t.jsonl": (b"{", r"t.jsonl, row 1: expected a JSON object, got broken JSON"),
    "s.parquet": (b"PAR1", r"expected a parquet file"),
}


def test_columns_that_are_not_read_cost_nothing_and_are_named(tmp_path):
    frame = scores_of()
    frame.assign(far=np.datetime64("9999-12-31"), vector=[[0.5] * 8] * len(frame)).to_parquet(
        tmp_path / "s.parquet"
    )
    found = gathered([tmp_path / "s.parquet"])
    assert found.notes[0].endswith("s.parquet: columns not read: 'far', 'vector'")
    pd.testing.assert_frame_equal(found.scores, gathered([frame]).scores)
    in_memory = frame.assign(unread=[float] * len(frame))
    assert gathered([in_memory]).notes[0] == "scores: columns not read: 'unread'"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_none_is_refused_in_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name][0])
    with pytest.raises(BadInput, match=FILES[name][1]) as error:
        gathered([tmp_path / name])
    assert "\n" not in str(error.value)


def test_a_model_with_some_scores_is_measured_on_those_as_if_there_were_no_others(tmp_path):
    both = with_text(pd.concat([scores_of("whole"), scores_of("part", seed=1)], ignore_index=True))
    part = both[
        (both["model"] == "part") & both["group"].str.fullmatch(r"entity (\d|1\d)") & (both.index % 8 != 7)
    ]
    together = bitsperfact.analyse_scores(pd.concat([both[both["model"] == "whole"], part]), replicates=REPLICATES)
    alone = bitsperfact.analyse_scores(part, replicates=REPLICATES).separation
    # The set's share of facts and its baseline are those of all its claims.
    of_all = ["bits_above_pattern", "membership_information", "sparsity_ratio"]
    measured = together.separation[together.separation["model"] == "part"]
    same(measured, alone[alone["model"] == "part"], without=of_all)
    assert set(measured["n_facts"]) == {20}
    assert set(measured["n_nonfacts"]) == {len(part) - 20}
    whole = together.separation[together.separation["model"].isin(["whole", "pattern"])]
    same(whole, bitsperfact.analyse_scores(both[both["model"] == "whole"], replicates=REPLICATES).separation)
    assert together.manifest["notes"] == [
        f"part, own, score: scores of {len(part)} of 96 claims; it is measured on those"
    ]


def test_a_score_that_lacks_a_kind_of_non_fact_has_no_row_of_it():
    kinds = np.tile(["fact", "near", "near", "fresh"], 24)
    frame = pd.concat([scores_of(stratum=kinds, score_name="a"), scores_of(stratum=kinds, score_name="b")])
    frame = frame[(frame["score_name"] == "a") | (frame["stratum"] != "fresh")]
    found = bitsperfact.analyse_scores(frame, replicates=REPLICATES).separation
    assert set(found[found["score"] == "a"]["stratum"]) == {"near", "fresh", "pooled"}
    # What is best among scores is known of the claims that all of them have.
    for score in ("b", "best"):
        assert set(found[found["score"] == score]["stratum"]) == {"near", "pooled"}
        assert set(found[found["score"] == score]["n_nonfacts"]) == {48}
    shared = bitsperfact.analyse_scores(frame[frame["stratum"] != "fresh"], replicates=REPLICATES).separation
    best = [of[(of["score"] == "best") & (of["stratum"] == "pooled")] for of in (found, shared)]
    same(*best)


def test_the_baseline_of_some_claims_is_that_of_each_of_them():
    rng = np.random.default_rng(0)
    rows, scored = rng.random(200) < 0.7, rng.random(200) < 0.6
    part = FittedPattern(rows, np.flatnonzero(rows) * 1.0).among(scored)
    assert (
        np.flatnonzero(scored)[part.rows].tolist()
        == part.values.tolist()
        == np.flatnonzero(rows & scored).tolist()
    )


@pytest.fixture(scope="module")
def unread(tmp_path_factory):
    """Two models whose claims have no text, and whose sizes nobody knows."""
    frame = pd.concat([scores_of("api/a"), scores_of("api/b", shift=1.0, seed=1)])
    return bitsperfact.analyse_scores(frame, tmp_path_factory.mktemp("unread") / "run", replicates=REPLICATES)


def test_what_the_text_and_the_size_would_tell_is_unknown_and_no_number(unread):
    separation, verdict = unread.separation, unread.verdict.set_index("prediction")
    assert tables.PATTERN_MODEL not in set(separation["model"])
    above = separation[separation["quantity"] == "bits_above_pattern"]
    assert len(above) == 2 * 2
    assert above[["value", "lower", "upper"]].isna().all(axis=None)
    for name in ("patterned_control", "bits_grow_with_size"):
        assert verdict.loc[name, "status"] == "undecided"
        assert np.isnan(verdict.loc[name, "measured"])
    assert "not known" in verdict.loc["patterned_control", "reason"]
    assert separation.loc[separation["quantity"] == "bits_per_fact", "value"].notna().all()
    [note] = unread.manifest["notes"]
    assert "text of its claims is not known" in note


def test_page_and_terminal_say_so(unread, capsys):
    report.print_run(unread)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("   api/")]
    assert len(lines) == 2
    assert all("unknown" in line and "0 %" not in line.split("unknown")[0] for line in lines)
    page = (unread.path / "report.html").read_text(encoding="utf-8")
    assert page.count('<span class="value">unknown</span>') == 2
    assert "(text unknown)" in page
    assert "no model of known size" in page


def test_the_level_of_a_score_means_something_only_where_that_is_stated():
    frame = scores_of()
    named = bitsperfact.analyse_scores(frame, replicates=REPLICATES, log_odds=True).separation
    own = {quantity for quantity in named["quantity"] if quantity.startswith("own_")}
    assert own >= {"own_x_star", "own_miss_rate", "own_bits"}
    plain = bitsperfact.analyse_scores(frame, replicates=REPLICATES).separation
    assert not plain["quantity"].str.startswith("own_").any()
    same(named.assign(score="score"), plain, without=own)
    two = pd.concat([frame.assign(score_name="a"), frame.assign(score_name="b")])
    with pytest.raises(
        BadInput, match="--log-odds: expected one score, or one that is named log_odds, got scores a"
    ):
        gathered([two], log_odds=True)


@pytest.fixture(scope="module")
def apart_and_together(tmp_path_factory):
    """Runs of one model each, and one of both; a family at two sizes, and two sets, one of which one run has."""
    folder = tmp_path_factory.mktemp("apart")
    small = with_text(scores_of("maker/s", shift=1.0, n_params=10**9, family="f"))
    large = with_text(scores_of("maker/l", shift=2.5, seed=1, n_params=10**10, family="f"))
    more = large.assign(claim_set="other")
    frames = {"small": small, "large": pd.concat([large, more]), "both": pd.concat([small, large, more])}
    for name, frame in frames.items():
        bitsperfact.analyse_scores(frame.assign(source="s"), folder / name, replicates=REPLICATES)
    return folder


def test_runs_analysed_together_are_one_run_of_all_their_models(apart_and_together, tmp_path, capsys):
    folder = apart_and_together
    arguments = ["analyse", str(folder / "small"), str(folder / "large"), "--out", str(tmp_path / "c")]
    arguments += ["--replicates", str(REPLICATES)]
    assert console.status_of(lambda: cli.app(arguments, standalone_mode=False)) == 0
    assert "maker/l" in capsys.readouterr().out
    found, both = (bitsperfact.load_run(path) for path in (tmp_path / "c", folder / "both"))
    same(found.separation, both.separation)
    pd.testing.assert_frame_equal(found.verdict, both.verdict)
    assert (found.claim_sets, found.models) == (both.claim_sets, both.models)
    assert len(found.claims) == len(both.claims)
    assert len(found.scores) == len(both.scores)
    of_family = found.verdict[
        (found.verdict["prediction"] == "bits_grow_with_size") & (found.verdict["model"] == "*")
    ]
    assert of_family["measured"].notna().sum() == 1  # of the set that both have
    assert "1 families" not in " ".join(of_family["reason"])
    assert "description" not in " ".join(of_family["reason"])


def test_runs_one_after_the_other_hold_the_texts_baseline_once(apart_and_together):
    runs = [bitsperfact.load_run(apart_and_together / name) for name in ("small", "large")]
    doubled = pd.concat([run.separation for run in runs])
    pattern = (doubled["model"] == "pattern") & doubled.duplicated(tables.KEYS["separation"])
    assert pattern.any()  # what must not be
    found = bitsperfact.load_run(*(run.path for run in runs))
    for name in ("claims", "scores", "separation", "verdict"):
        assert not getattr(found, name).duplicated(tables.KEYS[name]).any(), name
    both = bitsperfact.load_run(apart_and_together / "both")
    same(found.separation, both.separation)
    assert sorted(found.claims["claim_id"]) == sorted(both.claims["claim_id"])
    # A verdict on models of several runs is no row of any of them.
    assert {"maker/s", "maker/l"} <= set(found.verdict["model"])
    grown = found.verdict["prediction"] == "bits_grow_with_size"
    assert set(found.verdict[grown]["claim_set"]) == {"own", "other"}
    judged = analysis.judge(doubled, found.claim_sets, found.models)
    pd.testing.assert_frame_equal(judged, both.verdict)


def test_runs_that_contradict_each_other_are_refused_in_one_line(apart_and_together, tmp_path):
    small = apart_and_together / "small"
    frame = with_text(scores_of("maker/s", shift=1.0, n_params=10**9, family="f"))
    others = {
        "fewer claims": (
            frame.iloc[:48].assign(model="m"),
            r"claim set own: expected the 96 claims that .*got 48",
        ),
        "another model": (frame.assign(n_params=5), r"model maker/s: expected n_params 1000000000 as in .*got 5"),
        "other scores": (frame.assign(score=-frame["score"]), r"scores, maker/s, unknown, .*expected value"),
        "other labels": (
            frame.assign(is_fact=np.roll(frame["is_fact"], 1), model="m"),
            r"claims, \w+: expected is_fact (True|False) as in .*, got (True|False)",
        ),
    }
    for number, (name, (other, match)) in enumerate(others.items()):
        out = tmp_path / str(number)
        bitsperfact.analyse_scores(other, out, replicates=2)
        for joined in (bitsperfact.load_run, lambda *paths: bitsperfact.analyse_scores(paths, tmp_path / "out")):
            with pytest.raises(BadInput, match=match) as error:
                joined(small, out)
            assert "\n" not in str(error.value), name
    with pytest.raises(BadInput, match="another folder than those of the runs"):
        bitsperfact.analyse_scores([small], small)
    assert not (tmp_path / "out").exists()


def test_scores_from_elsewhere_stand_beside_a_run_on_its_own_claims(ran, exported):
    # The run says more of its set than the table does; a model scored some of its claims.
    least = exported[[*LEAST, "prefix", "target"]][exported["score_name"] == "logprob"]
    least = least[least["model"] == "random:tiny"].assign(model="api/x", score_name="logprob").iloc[1:]
    found = bitsperfact.analyse_scores([ran.path, least], replicates=REPLICATES)
    assert found.claim_sets == ran.claim_sets
    theirs = found.separation[found.separation["model"] != "api/x"]
    same(theirs, ran.separation)
    assert set(found.separation[found.separation["model"] == "api/x"]["n_facts"]) == {5}
    foreign = least.assign(target=least["target"] + "!")
    with pytest.raises(BadInput, match=r"claim set six: expected claims that .*run has, got 'The capital of"):
        bitsperfact.analyse_scores([ran.path, foreign])
    with pytest.raises(BadInput, match=r"expected is_fact (True|False) as in .*run, got (True|False)"):
        bitsperfact.analyse_scores([ran.path, least.assign(is_fact=1 - least["is_fact"].astype(int))])


def test_no_source_and_bad_options_are_refused(tmp_path):
    frame = scores_of()
    for source, more, match in (
        ([], {}, "expected a table of scores"),
        (frame, {"replicates": 1}, "--replicates: expected a number of at least 2"),
        (frame, {"seed": -1}, "--seed: expected a number of at least 0"),
        (tmp_path, {}, "expected a run folder"),
        (Path("absent.csv"), {}, "absent.csv: expected a readable file"),
    ):
        with pytest.raises(BadInput, match=match):
            bitsperfact.analyse_scores(source, tmp_path / "run", **more)
