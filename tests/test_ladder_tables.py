"""The script that writes a ladder's tables into the documentation."""

import json
import re
import shlex
from functools import partial

import pandas as pd
import pytest

from bitsperfact import console
from bitsperfact.probes import strings
from tests.scripts import CHECKOUT, load_script

SCRIPT = load_script("scripts/ladder_tables.py")
TINY = [
    *("--arch", "transformer", "--params", "1.2k", "--facts", "300", "--seeds", "2", "--alphabet", "4"),
    *("--length", "6", "--exposures", "2", "--steps", "16", "--replicates", "2", "--workers", "1"),
    *("--objective", "membership", "--objective", "next-symbol", "--trade-off", ""),
]


def status(script, *arguments):
    return console.status_of(lambda: script.app([str(argument) for argument in arguments], standalone_mode=False))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder, probe = tmp_path_factory.mktemp("ladder"), strings
    probe.schedule_for = partial(probe.schedule_for, nonfacts=2000, batch=64)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["strings.py", *TINY])  # the command that a run records
        assert status(probe, *TINY, "--out", folder) == 0
    return folder


def rows_of(text, head):
    """Rows of the table whose heading starts with `head`, as lists of cells."""
    lines = text[text.index(f"| {head} |") :].split("\n\n")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in (lines[0], *lines[2:])]


def test_tables_and_pictures_are_those_of_the_run(run, tmp_path):
    assert status(SCRIPT, run, "--out", tmp_path) == 0
    text = (tmp_path / "ladder-results.md").read_text()
    assert f"    python probes/strings.py {shlex.join(TINY)}\n" in text
    cells = pd.read_parquet(run / "cells.parquet")
    for objective, part in cells.groupby("objective"):
        assert f"## transformer, {objective}: 2 cells, {part['finished'].sum()} at the plateau" in text
    judged, written = (cells[cells["objective"] == name] for name in ("membership", "next-symbol"))
    head, row = rows_of(text, "P | n | a | P/n")
    of = dict(zip(head, row, strict=True))
    assert (of["P"], of["n"], of["seeds"]) == (f"{judged['parameters'].iloc[0]:,}", "300", "2")
    assert float(of["b_eff"]) == pytest.approx(judged["bits"].mean(), abs=0.006)
    head, row = rows_of(text, "P | n at the plateau")
    per_parameter = float(dict(zip(head, row, strict=True))["memorised, bits per parameter"].replace("−", "-"))
    assert per_parameter == pytest.approx((written["bits"] / written["parameters_per_fact"]).mean(), abs=0.006)
    verdict = pd.read_parquet(run / "verdict.parquet").query("claim_set == '*' and model == 'transformer'")
    told = [row for table in text.split("\n## ")[1:] for row in rows_of(table, "verdict")[1:]]
    assert sorted(row[3] for row in told) == sorted(verdict["reason"])
    names = re.findall(r"\]\((.*?\.png)\)", text)
    assert set(names) == {f"ladder-transformer-{name}.png" for name in ("law", "distributions", "capacity")}
    assert {path.name for path in tmp_path.iterdir()} == {*names, "ladder-results.md"}


def test_what_is_no_finished_ladder_is_one_line(run, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "run.json").write_text(json.dumps({"status": "complete"}))
    for folders, why in (
        ([tmp_path], "no run.json"),
        ([other], "a finished run of probes/strings.py"),
        ([run, run], "each cell once"),
    ):
        assert status(SCRIPT, *folders, "--out", tmp_path / "docs") == console.BAD_INPUT
        told = capsys.readouterr().err
        assert told.startswith("error: ")
        assert told.count("\n") == 1
        assert why in told
    assert not (tmp_path / "docs").exists()


def test_the_published_law_is_what_the_published_table_says(tmp_path, capsys):
    script, table = load_script("scripts/published_law.py"), CHECKOUT / "docs/ladder-results.md"
    assert status(script, table, "--out", tmp_path / "law.md") == 0
    text = (tmp_path / "law.md").read_text()
    assert text == (CHECKOUT / "docs/ladder-law.md").read_text()
    # Loads up to 2 predict 3 and more: read off the table by hand.
    for architecture, error in (("mlp", "7.7 %"), ("transformer", "10.6 %")):
        head, row, *_ = rows_of(text[text.index(f"## {architecture}") :], "law | cells")
        assert dict(zip(head, row, strict=True))["error at larger loads"] == error
    (tmp_path / "empty.md").write_text("# Nothing")
    assert status(script, tmp_path / "empty.md") == console.BAD_INPUT
    assert "no table of membership cells" in capsys.readouterr().err
