"""The probe as a user runs it: a process of its own, its status, its terminal, its folder."""

import os
import shutil
import subprocess
import sys

import pytest
import typer
from tests.scripts import CHECKOUT

import bitsperfact
from bitsperfact import claims, models, options
from bitsperfact.locations import data_folder
from bitsperfact.probes import pretrained

PROBE = CHECKOUT / "probes" / "pretrained.py"


@pytest.fixture
def run(tmp_path, capitals_file, own_cache):
    """Run the probe on six capitals in a process of its own, on models that scored nothing yet."""
    shutil.rmtree(own_cache / "scores", ignore_errors=True)

    def _run(*arguments):
        asked = [sys.executable, str(PROBE), "--claims", str(capitals_file), "--replicates", "20", *arguments]
        environment = os.environ | {"BITSPERFACT_CACHE": str(own_cache), "HF_HUB_OFFLINE": "1"}
        return subprocess.run(asked, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)

    return _run


def test_it_prints_both_tables_and_where_the_report_lies(run, tmp_path):
    done = run("--model", "random:tiny", "--model", "random:tiny-gpt2", "--out", "runs/x")
    assert done.returncode == 0, done.stderr
    assert "bits per fact" in done.stdout
    assert "Bits grow with size" in done.stdout
    assert done.stdout.splitlines()[-1] == "report: runs/x/report.html"
    assert "claim/s" in done.stderr  # the progress bar's rate
    assert len(bitsperfact.load_run(tmp_path / "runs" / "x").scores) == 2 * 2 * 36
    again = run("--model", "random:tiny", "--model", "random:tiny-gpt2", "--out", "runs/x")
    assert again.stdout == done.stdout
    assert "claim/s" not in again.stderr


def test_bad_input_is_one_line_and_status_2(run):
    done = run("--model", "random:huge", "--out", "x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_the_demo_names_real_models_real_sets_and_the_control():
    context = typer.Context(typer.main.get_command(pretrained.app))
    options.read_config(context, data_folder() / "demo.yaml")
    asked = context.default_map
    assert set(asked["model"]) == {m.name for m in models.known() if m.name.startswith("pypi:")}
    controls = [claims.recipe(name).control for name in asked["claims"]]
    assert controls.count("none") >= 4
    assert "random" in controls


@pytest.mark.weights
def test_small_models_know_capitals_and_nobody_knows_random_strings(tmp_path):
    """SmolLM2 spends well above 3 bits on a capital, 1 of them certified; no model tells random strings apart."""
    from bitsperfact import pipeline

    run = pipeline.Options(
        model=("pypi:smollm2-135m", "pypi:gemma3-270m"),
        claims=("capitals", "strings"),
        out=tmp_path,
        limit=100,
        negatives=8,
        progress=False,
    )
    pooled = pipeline.run(run).separation.query("stratum == 'pooled'")
    separation = pooled.set_index(["claim_set", "model", "score", "quantity"]).sort_index()
    for model in run.model:
        known = separation.loc[("capitals", model, "calibrated")]
        assert known.loc["bits_per_fact", "value"] > 3
        assert known.loc["bits_certified", "value"] > 1
        # Most of what looks forgotten by plain log-probability is the prior over answers.
        by_logprob = separation.loc[("capitals", model, "logprob", "hallucination_rate"), "value"]
        assert known.loc["hallucination_rate", "value"] < by_logprob / 2
        assert separation.loc[("strings", model, "logprob", "bits_per_fact"), "lower"] == 0
        assert ("strings", model, "calibrated") not in separation.index.droplevel("quantity")
