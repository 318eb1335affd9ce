"""Files and objects that people bring: one reader, whatever their form; what is not taken is counted and told."""

import datetime as dt
import gzip
import json

import datasets
import pandas as pd
import pytest

from bitsperfact import claims
from bitsperfact.claims.files.schemas import identifying_columns
from bitsperfact.errors import BadInput

HEAD = 'kind = "file"\ndescription = "d"\nlicence = "MIT"\nuniverse = "u"\n'
ROWS = [{"statement": "Ice is cold.", "label": 1}, {"statement": "Ice is hot.", "label": 0}]
CSV = "statement,label\nIce is cold.,1\nIce is hot.,0\n"


def refused(source, **arguments):
    with pytest.raises(BadInput) as caught:
        claims.load(source, **arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def told(made):
    return "; ".join(map(str, made.notes))


def texts(made):
    return dict(zip(made.frame["prefix"] + made.frame["target"], made.frame["is_fact"], strict=True))


FILES = {
    "x.csv": CSV,
    "x.CSV": CSV,
    "semicolons.csv": CSV.replace(",", ";"),
    "tabs.csv": CSV.replace(",", "\t"),
    "x.tsv": CSV.replace(",", "\t"),
    "blanks.csv": CSV.replace("statement,label", " statement , label "),
    "bom.csv": "\ufeff" + CSV,
    "utf16.csv": CSV.encode("utf-16"),
    "quoted.csv": CSV.replace("statement", '"statement"'),
    "comma in a name.csv": CSV.replace(",", ";")
    .replace("label", 'label;"note, long"')
    .replace("1\n", "1;\n")
    .replace("0\n", "0;\n"),
    "blank lines.csv": "\n" + CSV.replace(",", ";") + ";\n;\n",
    "unnamed columns.csv": CSV.replace("\n", ",,\n"),
    "x.csv.gz": gzip.compress(CSV.encode()),
    "x.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "x.ndjson": "\n".join(map(json.dumps, ROWS)),
    "x.jsonl.gz": gzip.compress("\n".join(map(json.dumps, ROWS)).encode()),
    "x.json": json.dumps(ROWS),
    "lines.json": "\n".join(map(json.dumps, ROWS)),
    "wrapped.json": json.dumps({"version": 2, "data": ROWS}),
    "lists by column.json": json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}),
    **{
        f"{orient}.json": pd.DataFrame(ROWS).to_json(orient=orient)
        for orient in ("records", "columns", "index", "split", "table")
    },
}


@pytest.mark.parametrize("name", FILES)
def test_every_form_of_file_gives_the_same_claims(write, name):
    made = claims.load(str(write(name, FILES[name])))
    assert texts(made) == {"Ice is cold.": True, "Ice is hot.": False}
    assert made.info.name == name.partition(".")[0]
    assert (made.info.n_facts, made.info.universe_size) == (1, 2)


def test_objects_in_memory_give_the_same_claims(tmp_path):
    frame = pd.DataFrame(ROWS)
    dataset = datasets.Dataset.from_list(ROWS)
    dataset.save_to_disk(str(tmp_path / "saved"))
    datasets.DatasetDict({"train": dataset}).save_to_disk(str(tmp_path / "dict"))
    frame.to_parquet(tmp_path / "x.parquet.gz.parquet")
    sources = [ROWS, frame, dataset, datasets.DatasetDict({"a": dataset}), tmp_path / "saved", tmp_path / "dict"]
    assert {tuple(texts(claims.load(source)).items()) for source in sources} == {
        tuple(texts(claims.load(ROWS)).items())
    }
    made = claims.from_frame(frame, "mine")
    assert made.info.name == "mine"
    assert made.frame["claim_id"].tolist() != claims.load(frame).frame["claim_id"].tolist()
    assert made.info.recipe_sha256 == claims.load(frame).info.recipe_sha256
    assert "DataFrame, a Dataset" in refused(7)


def test_a_folder_gives_all_its_files_and_tells_what_it_left(write, tmp_path):
    write("set/train.csv", CSV)
    write("set/test.csv", "statement,label\nFire is hot.,1\nIce is cold.,1\n")
    write("set/notes.txt", "x")
    write("set/.hidden", "x")
    write("set/README.md", "x")
    made = claims.load(tmp_path / "set")
    assert texts(made) == {"Ice is cold.": True, "Ice is hot.": False, "Fire is hot.": True}
    assert "files of the folder not read: 1 (first: notes.txt)" in told(made)
    assert "rows that repeat a claim: 1" in told(made)
    assert (
        "none in it" in refused(tmp_path / "set" / ".." / "empty")
        if (tmp_path / "empty").mkdir() is None
        else False
    )
    write("set/test.csv", "statement,label\nFire is hot.,1\nb,maybe\n")
    assert "test.csv, row 2" in refused(tmp_path / "set")


CLASSES = {
    "digits": ["1", "0"],
    "in order": ["false", "true"],
    "the other way round": ["true", "false"],
    "yes": ["no", "yes"],
}


@pytest.mark.parametrize("names", CLASSES)
@pytest.mark.parametrize("form", ["parquet", "dataset", "saved"])
def test_class_labels_are_read_by_name(tmp_path, names, form):
    features = {"statement": datasets.Value("string"), "label": datasets.ClassLabel(names=CLASSES[names])}
    rows = {"statement": CLASSES[names], "label": [0, 1]}
    source = made = datasets.Dataset.from_dict(rows, features=datasets.Features(features))
    if form != "dataset":
        source = tmp_path / ("x.parquet" if form == "parquet" else "saved")
        made.to_parquet(str(source)) if form == "parquet" else made.save_to_disk(str(source))
    assert texts(claims.load(source)) == {each: each in ("true", "yes", "1") for each in CLASSES[names]}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "csv of names"])
def test_class_labels_of_a_card_hold_for_every_kind_of_file(tmp_path, form):
    names = "        names:\n          '0': 'true'\n          '1': 'false'\n"
    head = "  features:\n  - name: statement\n    dtype: string\n  - name: label\n    dtype:\n      class_label:\n"
    (tmp_path / "README.md").write_text(f"---\ndataset_info:\n{head}{names}---\n")
    frame = pd.DataFrame({"statement": ["a", "b"], "label": ["true", "false"] if "names" in form else [0, 1]})
    if form == "jsonl":
        frame.to_json(tmp_path / "train.jsonl", orient="records", lines=True)
    elif form == "parquet":
        frame.to_parquet(tmp_path / "train.parquet")
    else:
        frame.to_csv(tmp_path / "train.csv", index=False)
    assert texts(claims.load(tmp_path)) == {"a": True, "b": False}


def test_classes_that_are_no_truth_values_are_refused_or_mapped(write, tmp_path):
    features = {
        "claim": datasets.Value("string"),
        "verdict": datasets.ClassLabel(names=["SUPPORTS", "REFUTES", "NEI"]),
    }
    rows = {"claim": ["a", "b", "c", "d"], "verdict": [0, 1, 2, -1]}
    datasets.Dataset.from_dict(rows, features=datasets.Features(features)).to_parquet(
        str(tmp_path / "fever.parquet")
    )
    options = '[options]\nstatement = "claim"\nlabel = "verdict"\n'
    write("fever.toml", HEAD + options)
    assert "row 1: expected label 0, 1, true or false" in refused(tmp_path / "fever.parquet")
    write("fever.toml", HEAD + options + "labels = { SUPPORTS = true, REFUTES = false }\n")
    assert "for label NEI" in refused(tmp_path / "fever.parquet")
    write("fever.toml", HEAD + options + 'labels = { SUPPORTS = true, REFUTES = false, NEI = "leave out" }\n')
    made = claims.load(tmp_path / "fever.parquet")
    assert texts(made) == {"a": True, "b": False}
    assert "rows left out: label NEI: 1" in told(made)
    assert "rows left out: no label: 1" in told(made)
    assert made.info.licence == "MIT"


def test_a_file_beside_its_recipe_states_what_it_is(write, tmp_path):
    write("mine.csv", CSV)
    write("mine.toml", HEAD + 'control = "random"\n[options]\nn_facts = 50\nuniverse_size = 5000\n')
    for source in ("mine.csv", "mine.toml"):
        info = claims.load(tmp_path / source).info
        assert (info.n_facts, info.universe_size, info.control, info.licence) == (50, 5000, "random", "MIT")
    write("mine.toml", HEAD + "[options]\nn_facts = 0\nuniverse_size = 5\n")
    assert "at least 1" in refused(tmp_path / "mine.csv")
    write("mine.toml", HEAD + "[options]\nuniverse_size = 1\n")
    assert "more than n_facts, 1" in refused(tmp_path / "mine.csv")
    # A recipe may name this very file, and one for something else is not this file's.
    write("mine.toml", HEAD + '[options]\npath = "mine.csv"\n')
    assert claims.load(tmp_path / "mine.csv").info.licence == "MIT"
    write("mine.toml", HEAD.replace("file", "strings") + 'strata = ["fresh"]\n')
    assert claims.load(tmp_path / "mine.csv").info.n_facts == 1


@pytest.mark.parametrize("name", ["strings", "capitals", "populations"])
def test_a_saved_set_keeps_what_it_is(tmp_path, name):
    made = claims.load(name, limit=6, seed=3)
    claims.save(made, tmp_path)
    claims.save(made, tmp_path / "renamed.parquet")
    for source in (tmp_path / f"{name}.parquet", tmp_path / "renamed.parquet", made.to_dataset()):
        again = claims.load(source)
        assert again.info == made.info
        assert again.fingerprint == made.fingerprint
    assert made.info.p != 1 / 2


def test_sets_that_are_joined_stay_what_they_are(tmp_path):
    both = [claims.load(name, limit=4) for name in ("strings", "capitals")]
    rows = [made.to_dataset() for made in both]
    joined = datasets.concatenate_datasets(rows)
    joined.save_to_disk(str(tmp_path / "joined"))
    for made in both:
        claims.save(made, tmp_path / "folder")
    infos = {made.info.name: made.info for made in both}
    folder = datasets.DatasetDict(dict(zip("ab", rows, strict=True)))
    for source in (joined, tmp_path / "joined", folder, tmp_path / "folder"):
        assert {each.info.name: each.info for each in claims.stream_all(source)} == infos
    assert claims.load(f"{tmp_path / 'folder'}#strings").info == both[0].info
    assert (
        claims.load(joined.filter(lambda row: row["group"] != rows[0][0]["group"]).select(range(32))).info.control
        == "random"
    )


def test_more_facts_than_a_set_says_are_refused():
    made = claims.load("capitals")
    other = made.to_dataset().map(
        lambda row: {"prefix": f"So {row['prefix']}", "group": f"{row['group']} once more"}
    )
    message = refused(datasets.concatenate_datasets([made.to_dataset(), other]))
    assert "at most 240 facts, as it says of claim set capitals, got 480" in message


def test_a_set_whose_census_is_lost_is_told():
    assert "it is no control" in told(claims.load(claims.load("strings", limit=4).frame))


def test_the_folder_of_a_run_gives_its_claims(write, tmp_path):
    made = claims.load("strings", limit=4)
    claims.save(made, tmp_path / "claims.parquet")
    write("run.json", "{}")
    pd.DataFrame({"claim_id": ["x"], "value": [0.5]}).to_parquet(tmp_path / "scores.parquet")
    assert claims.load(tmp_path).info == made.info


def test_a_recipe_of_claims_keeps_what_rows_say(write):
    rows = [
        row | {"claim_set": "s", "stratum": stratum, "source": stratum}
        for row, stratum in zip(ROWS, ("fact", "near"), strict=True)
    ]
    write("m.toml", HEAD)
    made = claims.load(write("m.json", json.dumps(rows))).frame
    assert made["stratum"].tolist() == made["source"].tolist() == ["fact", "near"]
    rows[1]["claim_set"] = "t"
    assert "row 2: expected one claim set, 's'" in refused(write("m.json", json.dumps(rows)))


def test_a_grade_may_be_missing():
    frame = pd.DataFrame(ROWS).assign(grade=pd.array([None, 0.25], dtype="Float64"))
    for each in (frame, frame.astype({"grade": float})):
        assert claims.load(each).frame["grade"].tolist() == [1.0, 0.25]


def test_messages_name_the_split_of_a_row():
    made = {
        name: datasets.Dataset.from_list([row | {"label": label} for row in ROWS])
        for name, label in (("a", "1"), ("b", "x"))
    }
    assert "data set, split b, row 1" in refused(datasets.DatasetDict(made))


def test_a_claim_set_may_have_any_name(write):
    path = write(
        "x.csv",
        "statement,label,claim_set\n" + "".join(f"{n} {f},{f},{n}\n" for n in ("a/b#c", "7", "") for f in (0, 1)),
    )
    assert "got 3: a/b#c, 7, ''" in refused(path)
    assert texts(claims.load(f"{path}#a/b#c")) == {"a/b#c 0": False, "a/b#c 1": True}
    assert texts(claims.load(f"{path}#7")) == {"7 0": False, "7 1": True}
    assert texts(claims.load(f"{path}#")) == {" 0": False, " 1": True}
    rows = [{"statement": f"{n}{f}", "label": f, "claim_set": n} for n in (1, 2) for f in (0, 1)]
    assert "got 2: 1, 2" in refused(rows)


def test_a_pushed_set_loads_again_as_what_it_was(tmp_path):
    """As `push` leaves a repository: the rows as datasets writes them, and the card."""
    made = claims.load("strings", limit=6)
    (tmp_path / "repo" / "data").mkdir(parents=True)
    made.to_dataset().to_parquet(str(tmp_path / "repo" / "data" / "train-00000-of-00001.parquet"))
    (tmp_path / "repo" / "README.md").write_text(claims.card(made), encoding="utf-8")
    again = claims.load(tmp_path / "repo")
    assert again.info == made.info
    assert again.fingerprint == made.fingerprint


def test_a_set_is_saved_where_it_was_asked_for_whatever_it_is_called(tmp_path):
    made = claims.from_frame(pd.DataFrame(ROWS), str(tmp_path / "elsewhere" / "x"))
    path = claims.save(made, tmp_path / "out")
    assert path.parent == tmp_path / "out"
    assert claims.load(path).info.name == made.info.name
    for out in ("built.csv", "built.jsonl", "x.txt"):
        with pytest.raises(BadInput, match=r"a \.parquet file, or a folder"):
            claims.save(made, tmp_path / out)
        assert not (tmp_path / out).exists()


def test_columns_that_are_not_wanted_are_not_read_and_told(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    far = pa.array([2**39, 2**39], type=pa.timestamp("s"))  # beyond any date that Python knows
    table = pa.table({"statement": ["a", "b"], "label": [1, 0], "date": far})
    pq.write_table(table, tmp_path / "x.parquet")
    for source in (tmp_path / "x.parquet", datasets.Dataset(table)):
        made = claims.load(source)
        assert texts(made) == {"a": True, "b": False}
        assert "columns not read: 1 (first: date)" in told(made)


def test_what_is_costly_to_spell_out_is_in_no_hash():
    import pyarrow as pa

    vectors = [pa.list_(pa.float32()), pa.list_(pa.float64(), 2), pa.struct([("a", pa.binary())]), pa.date32()]
    told = [pa.float64(), pa.string(), pa.list_(pa.string()), pa.list_(pa.int64())]
    schema = pa.schema([(str(at), kind) for at, kind in enumerate([*vectors, *told])])
    assert identifying_columns(schema) == tuple("4567")


def test_a_book_in_a_column_that_is_not_wanted_does_not_matter(write):
    made = claims.load(
        write(
            "x.csv", CSV.replace("\n", ",text\n", 1).replace("1\n", f"1,{'x' * 200_000}\n").replace("0\n", "0,\n")
        )
    )
    assert texts(made) == {"Ice is cold.": True, "Ice is hot.": False}


def test_a_split_of_a_file_is_refused(write):
    write("x.csv", CSV)
    assert "key options.split: expected a folder or data set" in refused(
        write("r.toml", HEAD + '[options]\npath = "x.csv"\nsplit = "test"\n')
    )


def test_a_path_that_is_no_file_is_told_without_the_hub(write, monkeypatch):
    def hub(*_, **__):
        pytest.fail("asked the Hub")

    monkeypatch.setattr("datasets.load_dataset_builder", hub)
    for path in ("gone.csv", "gone/file.jsonl", "/nowhere/at/all", "a/b/c"):
        assert "no such file" in refused(write("x.toml", HEAD + f'[options]\npath = "{path}"\n'))


def test_header_cells_differ_from_what_is_wanted_visibly(write):
    assert "'a,b', 'two␣␣blanks'" in refused(write("x.csv", 'statement,"a,b",two  blanks\n1,2,3\n'))
    message = refused(write("y.csv", "Statement,label\na,1\n"))
    assert "columns Statement, label" in message
    assert "--template" in message


def test_repeats_are_counted_once_and_contradictions_refused(write):
    made = claims.load(write("r.csv", CSV + "Ice is cold.,1\n" * 3))
    assert made.info.n_facts == 1
    assert len(made.frame) == 2
    assert "rows that repeat a claim: 3 (first: row 3 is row 1 again: 'Ice is cold.')" in told(made)
    assert "one label" in refused(write("r.csv", CSV + "Ice is cold.,0\n"))


POLICIES = [
    ("", {"b": False, "e": True}, ["repeat a claim: 1", "two labels: 1"]),
    ('repeats = "refuse"', "each claim once (repeats)", []),
    ('contradictions = "refuse"', "each claim once (contradictions)", []),
    ('repeats = "twice"', "one of once, refuse", []),
]


@pytest.mark.parametrize(("option", "expected", "said"), POLICIES)
def test_a_recipe_says_what_becomes_of_repeats(write, option, expected, said):
    path = write("r.csv", "statement,label\nb,0\nb,0\nc,1\nc,0\ne,1\n")
    write("r.toml", HEAD + f"[options]\n{option}\n")
    if isinstance(expected, str):
        assert expected in refused(path)
        return
    made = claims.load(path)
    assert texts(made) == expected
    for part in said:
        assert part in told(made)


def test_an_answer_may_be_a_number():
    made = claims.load([{"prefix": "Y is ", "target": year, "is_fact": year == 1998} for year in (1998, 1999.0)])
    assert texts(made) == {"Y is 1998": True, "Y is 1999": False}


def test_labels_of_minus_one_are_what_a_recipe_says(write):
    write(
        "m.toml", HEAD + '[options]\nlabel = "label"\nstatement = "statement"\nlabels = { 1 = true, -1 = false }\n'
    )
    assert texts(claims.load(write("m.csv", "statement,label\na,1\nb,-1\n"))) == {"a": True, "b": False}


def test_a_group_may_be_a_number(write):
    made = claims.load(write("g.csv", "group,statement,label\n7,a,1\n7,b,0\n"))
    assert made.frame["group"].tolist() == ["7", "7"]
    made = claims.load([row | {"group": dt.date(2001, 2, 3), "source": ["x", "y"]} for row in ROWS])
    assert made.frame["group"].tolist() == ["2001-02-03"] * 2
    assert made.frame["source"].tolist() == ["x, y"] * 2
    made = claims.load([{"group": 7, "statement": "a", "label": 1}, {"group": 7.0, "statement": "b", "label": 0}])
    assert made.frame["group"].tolist() == ["7", "7"]
