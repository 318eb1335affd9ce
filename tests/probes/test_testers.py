"""The probe of reference testers: it recovers what is known of them, and says in one line what it cannot use."""

import json

import numpy as np
import pandas as pd
import pytest

from bitsperfact import console
from bitsperfact.analysis import analyse
from bitsperfact.errors import BadInput
from bitsperfact.probes import testers
from bitsperfact.runs import Run, load_run, only_writer, write_manifest

SMALL = ["--keys", "3000", "--facts", "800", "--nonfacts", "4000", "--budget", "2.5", "--budget", "5"]
KINDS = {"bloom", "xor", "fuse", "ribbon", "score", "two_sided", "forgetter", "abstainer"}


def probe(*arguments: object) -> int:
    return console.status_of(lambda: testers.app([str(argument) for argument in arguments], standalone_mode=False))


def pooled(run: Run, quantity: str) -> pd.Series:
    """Values of one quantity by tester."""
    rows = run.separation[(run.separation["quantity"] == quantity) & (run.separation["stratum"] == "pooled")]
    return rows.set_index("model")["value"]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    assert probe("--out", folder, *SMALL, "--replicates", "40", "--seed", "1", "--strict") == 0
    return load_run(folder)


def test_the_run_folder_is_complete(run):
    assert {path.name for path in run.path.iterdir()} - {".lock"} == {
        "claims.parquet",
        "known.parquet",
        "scores.parquet",
        "separation.parquet",
        "verdict.parquet",
        "report.html",
        "run.json",
        "testers.png",
    }
    assert json.loads((run.path / "run.json").read_text())["options"]["keys"] == 3000
    assert (run.path / "testers.png").read_bytes().startswith(b"\x89PNG")
    assert "two_sided@2.5" in (run.path / "report.html").read_text()
    assert {info.architecture for info in run.models} == KINDS


def test_its_tables_give_its_separation_and_its_verdicts_back(run):
    given = run.rows("claims"), run.rows("scores"), run.claim_sets, run.models
    separation, verdict = analyse(*given, 1, 40, known=run.known)
    pd.testing.assert_frame_equal(separation, run.separation)
    pd.testing.assert_frame_equal(verdict, run.verdict)
    # What testers are by construction is no evidence on networks at large.
    assert set(verdict["kind"]) == {"check"}


def test_no_prediction_is_violated(run):
    assert not run.verdict["status"].eq("violated").any(), run.verdict[run.verdict["status"] == "violated"]
    known = run.verdict[run.verdict["prediction"].isin(["known_bits", "known_hallucination"])]
    assert len(known) == 2 * len(run.models)
    assert known["kind"].eq("check").all()
    # Where claims are many enough for an interval of half a bit there is support, not only no contradiction.
    narrow = known[known["prediction"].eq("known_bits") & (known["upper"] - known["lower"] < 0.5)]
    assert len(narrow) >= 5
    assert narrow["status"].eq("consistent").all()


def test_known_values_follow_from_the_answers(run):
    """An independent reckoning: bits from the two answers' shares among all non-facts and facts scored."""
    scored = run.scores.merge(run.claims[["claim_id", "is_fact"]], on="claim_id")
    predicted = run.verdict.set_index(["model", "prediction"])["predicted"]
    for name, own in scored.groupby("model"):
        high = own["value"] == own["value"].max()
        hits, alarms = high[own["is_fact"]].mean(), high[~own["is_fact"]].mean()
        bits = hits * np.log2(hits / alarms) if alarms > 0 else np.inf
        bits += (1 - hits) * np.log2((1 - hits) / (1 - alarms)) if hits < 1 else 0
        if alarms * 4000 > 20:
            assert bits == pytest.approx(predicted[name, "known_bits"], abs=0.5)


def test_memory_is_what_was_asked(run):
    for info in run.models:
        assert info.n_params <= float(info.name.partition("@")[2]) * 3000
    assert run.claim_sets[0].n_facts == 3000


def test_foils_that_forget_a_tenth_accept_everything_at_95_per_cent_recall(run):
    rate = run.separation.query("quantity == 'hallucination_rate' and stratum == 'pooled'").set_index("model")[
        "value"
    ]
    foils = rate[[name for name in rate.index if name.startswith(("forgetter", "abstainer"))]]
    assert len(foils) == 4
    assert (foils == 1).all()
    assert rate["ribbon@5"] < 0.06


def test_wasteful_testers_have_fewer_bits_at_the_same_memory(run):
    bits = pooled(run, "bits_per_fact")
    assert bits["ribbon@5"] > bits["forgetter@5"] > bits["bloom@5"]


def test_the_terminal_tells_bits_and_verdicts_and_a_second_run_is_the_same(tmp_path, capsys):
    few = ["--keys", "1000", "--facts", "200", "--nonfacts", "300", "--budget", "4", "--replicates", "10"]
    assert probe("--out", tmp_path / "a", *few) == 0
    told = capsys.readouterr().out
    assert all(f"{kind}@" in told for kind in KINDS)
    assert "Patterned control" in told
    assert "verdicts: " in told
    assert max(map(len, told.splitlines()[:-1])) <= 80
    assert probe("--out", tmp_path / "b", *few) == 0
    assert (tmp_path / "a" / "scores.parquet").read_bytes() == (tmp_path / "b" / "scores.parquet").read_bytes()
    assert (tmp_path / "a" / "separation.parquet").read_bytes() == (
        tmp_path / "b" / "separation.parquet"
    ).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--keys", "10"], "--keys"),
        (["--keys", "many"], "--keys"),
        (["--facts", "0"], "--facts"),
        (["--facts", "30000"], "at most the 20000 keys"),
        (["--nonfacts", "-1"], "--nonfacts"),
        (["--budget", "0"], "above 0"),
        (["--budget", "-2"], "above 0"),
        (["--budget", "nan"], "NaN"),
        (["--budget", "inf"], "finite"),
        (["--budget", "0.01", "--keys", "1000", "--facts", "10"], "too low"),
        (["--seed", "-1"], "--seed"),
        (["--seed", str(2**64)], "--seed"),
        (["--replicates", "1"], "--replicates"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_bad_input_is_one_line_and_status_2(tmp_path, capsys, arguments, why):
    assert probe("--out", tmp_path / "run", *arguments) == console.BAD_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    assert why in told.err
    assert not (tmp_path / "run" / "run.json").exists()


def test_a_file_is_no_run_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert probe("--out", tmp_path / "file", *SMALL) == console.BAD_INPUT
    assert "expected a folder, got a file" in capsys.readouterr().err


def test_a_folder_that_another_run_writes_to_is_refused(tmp_path, capsys):
    with only_writer(tmp_path):
        assert probe("--out", tmp_path, *SMALL) == console.BAD_INPUT
    told = capsys.readouterr().err
    assert told == f"error: --out {tmp_path}: expected a folder that no other run writes to, got one in use\n"


def test_a_second_run_that_stops_leaves_no_finished_folder(tmp_path, monkeypatch):
    write_manifest(tmp_path, "complete", [], [])
    monkeypatch.setattr("bitsperfact.analysis.analyse", stopped)
    assert probe("--out", tmp_path, *SMALL) == console.INTERRUPTED
    with pytest.raises(BadInput, match="complete"):
        load_run(tmp_path)


def stopped(*_, **__):
    raise KeyboardInterrupt


def test_another_package_adds_a_tester(tmp_path, monkeypatch):
    (tmp_path / "package_with_testers.py").write_text(
        "from bitsperfact.testers import RibbonTester, TesterKind\n"
        "OWN = TesterKind(RibbonTester.init, (5.0,))\nNONE = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    small = ("--keys", 1000, "--facts", 200, "--nonfacts", 900, "--replicates", 2, "--out", tmp_path / "run")
    assert probe(*small, "--tester", "package_with_testers:OWN") == 0
    assert [info.name for info in load_run(tmp_path / "run").models] == ["package_with_testers:OWN@5"]
    assert probe(*small, "--tester", "package_with_testers:NONE") == console.BAD_INPUT
