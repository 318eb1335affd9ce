"""A user's own files: what is taken, and what is refused in one line."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitsperfact import claims, parquet, tables
from bitsperfact.errors import BadInput

GOOD = "statement,label\nIce is cold.,1\nIce is hot.,0\n"


def refused(path, **arguments):
    with pytest.raises(BadInput) as caught:
        claims.load(str(path), **arguments)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


def test_statement_label_files_load_unchanged_and_further_columns_are_ignored(write):
    path = write(
        "cities.csv", "statement,label,city,country\nParis is in France.,1,Paris,France\nParis is in Peru.,0,P,P\n"
    )
    made = claims.load(str(path))
    assert made.frame["target"].tolist() == ["Paris is in France.", "Paris is in Peru."]
    assert made.frame["prefix"].tolist() == ["", ""]
    assert made.frame["stratum"].tolist() == ["fact", "given"]
    assert made.frame["group"].tolist() == made.frame["target"].tolist()
    assert (made.info.name, made.info.n_facts, made.info.universe_size) == ("cities", 1, 2)


@pytest.mark.parametrize("label", ["1", "true", "True", "TRUE", " 1 ", "1.0"])
def test_labels_may_be_written_in_the_usual_ways(write, label):
    assert claims.load(str(write("a.csv", f"statement,label\na,{label}\nb,False\n"))).frame[
        "is_fact"
    ].tolist() == [
        True,
        False,
    ]


def test_prefix_target_files_keep_their_optional_columns(write):
    rows = [
        {"prefix": "A is", "target": " b", "is_fact": True, "group": "A", "source": "book", "grade": 0.9},
        {"prefix": "A is", "target": " c", "is_fact": 0, "group": "A", "stratum": "near", "grade": None},
        {"prefix": "B is", "target": " c", "is_fact": "false"},
    ]
    frame = claims.load(str(write("x.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n"))).frame
    assert frame["group"].tolist() == ["A", "A", "B is"]
    assert frame["source"].tolist() == ["book", "x.jsonl", "x.jsonl"]
    assert frame["stratum"].tolist() == ["fact", "near", "given"]
    assert frame["grade"].tolist() == [0.9, 0.0, 0.0]


def test_a_table_written_by_the_package_loads_as_it_was(tmp_path):
    made = claims.load("airports", limit=3)
    parquet.write("claims", made.frame, tmp_path / "other.parquet")
    assert claims.load(str(tmp_path / "other.parquet")).frame.equals(made.frame)


TRICKY = ["👩‍👩‍👧 naïve \u0301", "القاهرة عاصمة مصر", "עיר 1", 'a,b"c"\nd', "\u2028line", "\ufefftwice", "\x00nul"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_any_text_passes_through_byte_for_byte(tmp_path, suffix):
    texts = [t for t in TRICKY if suffix != "csv" or "\x00" not in t]
    frame = pd.DataFrame({"statement": texts, "label": [i % 2 for i in range(len(texts))]})
    path = tmp_path / f"x.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(r) + "\n" for r in frame.to_dict("records")), encoding="utf-8")
    else:
        frame.to_parquet(path)
    made = claims.load(str(path))
    assert [t.encode() for t in made.frame["target"]] == [t.encode() for t in texts]
    assert [t.encode() for t in made.to_dataset()["target"]] == [t.encode() for t in texts]


BAD_CSV = {
    "both labels": ("statement,label\na,1\nb,0\na,0\n", ["row 3", "row 1", "one label"]),
    "both labels, split elsewhere": ("prefix,target,is_fact\na, b,1\na b,c,0\n,a b,0\n", ["row 3", "row 1"]),
    "claim twice, of two entities": ("group,statement,label\nA,a,1\nA,b,0\nB,a,1\n", ["row 3", "row 1 again"]),
    "empty target": ("prefix,target,is_fact\nA is,  ,1\n", ["row 1", "not empty"]),
    "empty statement": ('statement,label\nx,1\n"",0\n', ["row 2", "not empty"]),
    "no label": ("statement,label\na,1\nb,\n", ["row 2", "label 0, 1, true or false"]),
    "nan label": ("statement,label\na,nan\n", ["row 1", "'nan'"]),
    "label 2": ("statement,label\na,2\n", ["row 1", "'2'"]),
    "ragged, short": ("statement,label\na,1\nb\n", ["row 2", "2 cells", "got 1"]),
    "ragged, long": ("statement,label\na,1,x\n", ["row 1", "got 3"]),
    "missing column": ("statement,truth\na,1\n", ["columns prefix, target, is_fact or statement, label", "truth"]),
    "half a form": ("prefix,target\na, b\n", ["columns prefix, target, is_fact"]),
    "column twice": ("statement,label,label\na,1,0\n", ["each column once", "label twice"]),
    "empty": ("", ["an empty file"]),
    "blank": ("\n\n", ["an empty file"]),
    "header only": ("statement,label\n", ["at least one fact", "0 rows"]),
    "no facts": ("statement,label\na,0\n", ["at least one fact"]),
    "no non-facts": ("statement,label\na,1\n", ["at least one non-fact"]),
    "open quote": ('statement,label\n"a,1\n', ["row 1", "CSV"]),
    "not utf-8": (b"statement,label\na,1\nb\xff,0\n", ["line 3", "UTF-8", "0xff"]),
    "grade": ("statement,label,grade\na,1,1.5\n", ["row 1", "grade in [0, 1]", "1.5"]),
    "nan grade": ("statement,label,grade\na,1,nan\n", ["row 1", "grade"]),
    "stratum": ("statement,label,stratum\na,1,near\n", ["row 1", "stratum fact for a fact", "near"]),
    "long": (f"statement,label\n{'x' * 20_001},1\n", ["row 1", "at most 20000 characters", "20001"]),
    "a megabyte": (f"statement,label\na,1\n{'x' * 1_000_000},1\n", ["row 2", "1000000"]),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv_is_refused_in_one_line(write, case):
    content, said = BAD_CSV[case]
    message = refused(write("bad.csv", content))
    assert "bad.csv" in message
    for part in said:
        assert part in message
    assert "xxxx" not in message


BAD_JSONL = {
    "broken": ('{"statement": "a", "label": 1}\n{"statement": \n', ["row 2", "broken JSON"]),
    "a list": ("[1]\n", ["row 1", "JSON object", "list"]),
    "number as text": ('{"statement": 5, "label": 1}\n', ["row 1", "statement as text", "5"]),
    "null as text": ('{"prefix": null, "target": "a", "is_fact": 1}\n', ["row 1", "prefix as text", "None"]),
    "nan": ('{"statement": "a", "label": NaN}\n', ["row 1", "label", "nan"]),
    "null label": ('{"statement": "a", "label": null}\n', ["row 1", "label"]),
    "half a form later": ('{"statement": "a", "label": 1}\n{"statement": "b"}\n', ["row 2", "columns"]),
    "a megabyte": (json.dumps({"statement": "x" * 10**6, "label": 1}), ["row 1", "1000000"]),
    "a deep nest": ('{"statement": ' + "[" * 100_000, ["row 1", "broken JSON"]),
    "half a character": ('{"statement": "\\ud800", "label": 1}\n', ["row 1", "Unicode"]),
    "group": ('{"statement": "a", "label": 1, "group": ["a"]}\n', ["row 1", "group as text"]),
}


@pytest.mark.parametrize("case", BAD_JSONL)
def test_bad_json_lines_are_refused_in_one_line(write, case):
    content, said = BAD_JSONL[case]
    message = refused(write("bad.jsonl", content))
    for part in said:
        assert part in message
    assert "xxxx" not in message


def test_bad_parquet_is_refused_in_one_line(write, tmp_path):
    assert "a parquet file" in refused(write("a.parquet", b"PAR1 nonsense PAR1"))
    assert "an empty file" in refused(write("b.parquet", b""))
    pd.DataFrame({"statement": [1], "label": [1]}).to_parquet(tmp_path / "c.parquet")
    assert "row 1" in refused(tmp_path / "c.parquet")
    pd.DataFrame({"statement": ["a"], "label": [float("nan")]}).to_parquet(tmp_path / "d.parquet")
    assert "label 0, 1" in refused(tmp_path / "d.parquet")
    pd.DataFrame({"x": ["a"]}).to_parquet(tmp_path / "e.parquet")
    assert "columns" in refused(tmp_path / "e.parquet")


def test_what_is_no_file_is_refused_in_one_line(tmp_path, write, monkeypatch):
    assert "No such file" in refused(tmp_path / "none.csv")
    assert "a folder" in refused(tmp_path)
    assert "'.txt'" in refused(write("x.txt", GOOD))
    assert "Not a directory" in refused(write("y.csv", GOOD) / "z.csv")
    refused("x" * 5000)
    assert "too long" in refused("x" * 5000 + ".csv")
    assert "too long" in refused("x" * 5000 + ".csv#a")
    refused("a\0b")
    refused("a\0b.csv")
    refused("")

    def denied(self, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", denied)
    assert "Permission denied" in refused(tmp_path / "y.csv")
    assert "Permission denied" in refused(tmp_path / "y.toml")


def test_an_unknown_name_is_answered_with_the_nearest():
    assert "capitals" in refused("captials")
    assert "airports" in refused("airport")


def test_a_sample_keeps_whole_groups_and_their_share_of_non_facts(write):
    lines = [f"{g},{g} is {i},{int(i < 2)}" for g in range(50) for i in range(5)]
    path = write("g.csv", "group,statement,label\n" + "\n".join(lines) + "\n")
    small, large = (claims.load(str(path), limit=limit).frame for limit in (7, 20))
    # Groups hold two facts each, so the next even number is reached.
    assert (small["is_fact"].sum(), large["is_fact"].sum()) == (8, 20)
    assert (small.groupby("group").size() == 5).all()
    assert set(small["claim_id"]) < set(large["claim_id"])
    assert claims.load(str(path), limit=7).info.n_facts == 100


def test_strata_select_among_a_files_non_facts(write):
    path = write("s.csv", "statement,label,stratum\na,1,fact\nb,0,near\nc,0,given\n")
    assert claims.load(str(path), strata=["near"]).frame["target"].tolist() == ["a", "b"]
    assert "non-facts in strata fresh" in refused(path, strata=["fresh"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["csv", "jsonl", "parquet", "toml"]))
def test_no_bytes_raise_anything_but_one_line(tmp_path, data, suffix):
    path = tmp_path / f"fuzz.{suffix}"
    path.write_bytes(data)
    refused(path)


def test_a_file_of_several_sets_gives_each_or_the_one_that_is_named(write):
    content = "claim_set,statement,label\none,a,1\ntwo,a,0\none,b,0\ntwo,b,1\ntwo,c,0\n"
    path = write("run.csv", content)
    one, two = claims.stream_all(path)
    frames = [tables.check("claims", pd.concat(made.batches()), path) for made in (one, two)]
    assert (one.info.name, one.info.n_facts, len(frames[0])) == ("one", 1, 2)
    assert (two.info.name, two.info.n_facts, len(frames[1])) == ("two", 1, 3)
    assert claims.load(f"{path}#two").frame.equals(frames[1])
    assert [made.info.name for made in claims.stream_all(f"{path}#one")] == ["one"]
    assert len(claims.stream_all("elements", limit=3)) == 1


def test_a_set_that_a_file_lacks_or_does_not_name_is_refused(write):
    path = write("run.csv", "claim_set,statement,label\none,a,1\none,b,0\ntwo,a,1\ntwo,b,0\n")
    assert "which one (run.csv#NAME), got 2: one, two" in refused(path)
    assert "among one, two, got 'three'" in refused(f"{path}#three")
