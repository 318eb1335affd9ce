"""The `bitsperfact` command and the options that probes share."""

import os
import subprocess
import sys

import pandas as pd
import pytest
import typer

from bitsperfact import cli, console, models, options, tables
from bitsperfact.errors import BadInput

pytestmark = pytest.mark.usefixtures("apart")
#: What must not be imported for a command's help to be shown at once.
SLOW = {"numpy", "pandas", "torch", "transformers", "datasets", "sklearn", "scipy", "matplotlib"}


@pytest.fixture
def run(capsys):
    """Run the command; what it printed."""

    def _run(*arguments):
        assert console.status_of(lambda: cli.app(list(arguments), standalone_mode=False)) == 0
        return capsys.readouterr().out

    return _run


def imported_by(code: str) -> set[str]:
    """Which of the slow packages a fresh interpreter has imported after running `code`."""
    told = f"{code}\nimport sys\nprint('imported', *({SLOW!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "code",
    [
        "import bitsperfact",
        "from bitsperfact import cli; cli.app(['--help'], standalone_mode=False)",
        "import bitsperfact.probes.pretrained",
    ],
)
def test_help_waits_for_no_slow_import(code):
    assert imported_by(code) == set()


def test_the_check_of_imports_can_fail():
    assert imported_by("import bitsperfact; bitsperfact.load_run") >= {"numpy", "pandas"}


def test_sets_are_listed_with_their_control(run):
    lines = {line.split()[0]: line for line in run("claims", "list").splitlines()}
    assert {"airports", "capitals", "cas", "currencies", "dialling", "fips", "icao", "populations"} <= set(lines)
    assert "patterned" in lines["fips"]
    assert "random" in lines["strings"]


def test_a_set_is_shown_with_its_census_and_some_claims(run):
    shown = run("claims", "show", "capitals", "--limit", "5", "--rows", "4", "--negatives", "2")
    assert "57,360" in shown  # the universe: 240 countries by 239 capitals
    assert sum("The capital of" in line for line in shown.splitlines()) >= 4


def test_a_set_is_built_into_a_table(run, tmp_path):
    path = tmp_path / "new" / "strings.parquet"
    said = run("claims", "build", "strings", "--out", str(path), "--limit", "7", "--negatives", "3")
    frame = tables.read("claims", path)
    assert (len(frame), int(frame["is_fact"].sum())) == (28, 7)
    assert "28 claims, 7 facts" in said
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame)


def test_models_are_listed_and_fetched(run):
    folder = run("models", "fetch", "random:tiny").strip()
    assert folder == str(models.resolve("random:tiny"))
    listed = {line.split()[0]: line for line in run("models", "list").splitlines()}
    assert listed["random:tiny"].endswith("cached")
    assert listed["pypi:smollm2-135m"].endswith("-")
    assert len({line.rindex(line.split()[-1]) for line in listed.values()}) == 1  # the columns line up


@pytest.fixture
def ask():
    """An app whose one command returns the options it got."""
    app = typer.Typer(**console.app_settings)

    @app.command()
    def command(
        model: options.Models, config: options.Config = None, seed: options.Seed = 0, limit: options.Limit = None
    ):
        return {"model": model, "seed": seed, "limit": limit}

    return lambda *arguments: app(list(arguments), standalone_mode=False)


def test_a_configuration_gives_options_and_the_command_line_wins(ask, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("model: [a, b]\nseed: 3\n")
    assert ask("--config", str(path)) == {"model": ["a", "b"], "seed": 3, "limit": None}
    assert ask("--config", str(path), "--seed", "4", "--model", "c") == {"model": ["c"], "seed": 4, "limit": None}
    path.write_text("model: a\nlimit: 9\n")
    assert ask("--config", str(path)) == {"model": ["a"], "seed": 0, "limit": 9}


def test_a_batch_budget_is_a_number_or_auto():
    assert options.batch_tokens("auto") is None
    assert options.batch_tokens("2048") == 2048
    with pytest.raises(BadInput, match="auto or a whole number, got '2k'"):
        options.batch_tokens("2k")


def test_exit_status_says_what_happened(capsys):
    def interrupt():
        raise KeyboardInterrupt

    def read_nothing():
        raise FileNotFoundError(2, os.strerror(2), "there.csv")

    assert console.status_of(lambda: None) == 0
    assert console.status_of(lambda: console.VIOLATED) == 1
    assert console.status_of(interrupt) == 130
    assert "goes on from here" in capsys.readouterr().err
    assert console.status_of(read_nothing) == 2
    assert (
        capsys.readouterr().err == "error: there.csv: expected to read or write, got No such file or directory\n"
    )
    with pytest.raises(ZeroDivisionError):  # a fault of the program is shown as one
        console.status_of(lambda: 1 / 0)
