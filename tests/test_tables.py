import math

import pandas as pd
import pytest

from bitsperfact import parquet, runs, tables
from bitsperfact.errors import BadInput
from bitsperfact.tables import ClaimSetInfo, ModelInfo

CLAIM = {
    "claim_id": "a",
    "claim_set": "capitals",
    "group": "France",
    "prefix": "The capital of France is",
    "target": " Paris",
    "is_fact": True,
    "grade": 1.0,
    "stratum": "fact",
    "source": "atlas",
}


@pytest.mark.parametrize("table", tables.COLUMNS)
def test_empty_table_passes_its_own_check(table):
    assert list(tables.check(table, tables.empty(table), "here").columns) == list(tables.COLUMNS[table])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grade": [2.0, 1.0]}, r"set.csv, row 1: expected claims.grade"),
        ({"grade": [1.0, math.nan]}, r"set.csv, row 2: expected claims.grade"),
        ({"grade": ["high", "low"]}, r"claims.grade.*got 'high'"),
        ({"stratum": ["fact", "folklore"]}, r"row 2: expected claims.stratum.*got 'folklore'"),
        ({"is_fact": ["True", "False"]}, r"claims.is_fact of type bool, got type str"),
        ({"claim_id": ["a", "a"]}, r"expected each key once, got 'a'"),
    ],
)
def test_wrong_cell_is_named(change, message):
    frame = pd.DataFrame([CLAIM, {**CLAIM, "claim_id": "b"}]).assign(**change)
    with pytest.raises(BadInput, match=message):
        tables.check("claims", frame, "set.csv")


def test_missing_column_is_named():
    with pytest.raises(BadInput, match="no column 'target'"):
        tables.check("claims", pd.DataFrame([CLAIM]).drop(columns="target"), "set.csv")


def test_round_trip_keeps_every_script(tmp_path):
    frame = pd.DataFrame([{**CLAIM, "target": " 😀 القاهرة"}])
    parquet.write("claims", frame, tmp_path / "claims.parquet")
    assert parquet.read("claims", tmp_path / "claims.parquet").to_dict("records") == frame.to_dict("records")
    assert pd.read_parquet(tmp_path / "claims.parquet").to_dict("records") == frame.to_dict("records")


def test_a_table_in_parts_is_the_table_in_one_and_is_checked_alike(tmp_path):
    frame = pd.DataFrame([{**CLAIM, "claim_id": str(i), "target": f" Paris {i}"} for i in range(7)])
    parts = [frame.iloc[:3], frame.iloc[3:]]
    parquet.write_parts("claims", iter(parts), tmp_path / "parts.parquet")
    parquet.write("claims", frame, tmp_path / "whole.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "parts.parquet"), pd.read_parquet(tmp_path / "whole.parquet")
    )
    with pytest.raises(BadInput, match=r"row 2: expected claims.grade"):
        parquet.write_parts(
            "claims", [frame, frame.assign(grade=[1.0, 2.0] + 5 * [1.0])], tmp_path / "bad.parquet"
        )
    parquet.write_parts("claims", [frame, frame], tmp_path / "twice.parquet")
    with pytest.raises(BadInput, match="expected each key once"):
        parquet.read("claims", tmp_path / "twice.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts.parquet", "twice.parquet", "whole.parquet"]


def test_file_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        parquet.read("claims", tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("not parquet")
    with pytest.raises(BadInput, match="a claims table in parquet"):
        parquet.read("claims", tmp_path / "text.parquet")


def test_claim_id_depends_on_where_prefix_ends():
    assert tables.claim_id("s", "ab", "c") != tables.claim_id("s", "a", "bc")


def finished_run(folder, status="complete"):
    for table in tables.COLUMNS:
        parquet.write(table, tables.empty(table), folder / f"{table}.parquet")
    claim_set = ClaimSetInfo("capitals", 200, 40_000, "MIT", "0" * 64, 0)
    model = ModelInfo("org/m", "abc", "f" * 64, 135_000_000, "float32", "LlamaForCausalLM")
    runs.write_manifest(folder, status, [claim_set], [model], command=["probe"])
    return claim_set, model


def test_run_folder_loads(tmp_path):
    claim_set, model = finished_run(tmp_path)
    run = runs.load_run(tmp_path)
    assert run.claim_sets == [claim_set]
    assert run.models == [model]
    assert run.manifest["command"] == ["probe"]
    assert claim_set.p == 0.005
    assert list(run.verdict.columns) == list(tables.COLUMNS["verdict"])


def test_unfinished_broken_or_absent_runs_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"no run.json"):
        runs.load_run(tmp_path)
    finished_run(tmp_path, status="scoring")
    with pytest.raises(BadInput, match='expected status "complete"'):
        runs.load_run(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(BadInput, match="expected JSON"):
        runs.load_run(tmp_path)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(BadInput, match="a JSON object, got list"):
        runs.load_run(tmp_path)
