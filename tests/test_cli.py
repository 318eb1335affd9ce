"""The `bitsperfact` command and the options that probes share."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import Annotated

import pandas as pd
import pytest
import typer

from bitsperfact import cli, console, models, options, parquet

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
    frame = parquet.read("claims", path)
    assert (len(frame), int(frame["is_fact"].sum())) == (28, 7)
    assert "28 claims, 7 facts" in said
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame)


def test_models_are_listed_and_fetched(run):
    _, folder = run("models", "fetch", "random:tiny").strip().split("\t")
    assert folder == str(models.resolve("random:tiny"))
    listed = {line.split()[0]: line for line in run("models", "list").splitlines()}
    assert listed["random:tiny"].endswith("cached")
    assert listed["pypi:smollm2-135m"].endswith("-")
    assert len({line.rindex(line.split()[-1]) for line in listed.values()}) == 1  # the columns line up


@dataclass(frozen=True, kw_only=True)
class Asked(options.RunOptions):
    """Options of a probe that is made up here."""

    model: options.Models
    score: options.Scores = None
    limit: options.Limit = None
    budget: Annotated[tuple[float, ...], typer.Option()] = (2.0, 3.0)
    batch_tokens: options.BatchTokens = None
    hidden: int = 7


@pytest.fixture
def ask(tmp_path):
    """The options that a probe gets from a command line."""
    got = []
    app = options.app_of(Asked, got.append, "What is asked?")

    def _ask(*arguments):
        app([*map(str, arguments), "--out", str(tmp_path)], standalone_mode=False)
        return got.pop()

    return _ask


def test_options_are_the_fields_of_a_dataclass(ask, tmp_path):
    told = ask("--model", "a", "--model", "b", "--budget", "4", "--batch-tokens", "2048", "--strict")
    expected = {"model": ("a", "b"), "budget": (4.0,), "batch_tokens": 2048, "strict": True, "out": tmp_path}
    assert {name: getattr(told, name) for name in expected} == expected
    plain = ask("--model", "a")
    assert plain == replace(Asked(model=("a",), out=tmp_path), command=plain.command)
    with pytest.raises(typer.TyperException, match="No such option: --hidden"):
        ask("--model", "a", "--hidden", "3")


def test_a_configuration_gives_options_and_the_command_line_wins(ask, tmp_path):
    path = tmp_path / "run.yaml"

    def seen(*arguments):
        told = ask("--config", path, *arguments)
        return told.model, told.seed, told.limit

    path.write_text("model: [a, b]\nseed: 3\n")
    assert seen() == (("a", "b"), 3, None)
    assert seen("--seed", "4", "--model", "c") == (("c",), 4, None)
    path.write_text("model: a\nlimit: 9\nbatch-tokens: auto\n")
    assert seen() == (("a",), 0, 9)


def test_a_batch_budget_is_a_number_or_auto(ask):
    assert ask("--model", "a", "--batch-tokens", "auto").batch_tokens is None
    with pytest.raises(typer.BadParameter, match="auto or a whole number, got '2k'"):
        ask("--model", "a", "--batch-tokens", "2k")


def test_probes_are_commands_and_another_package_adds_one(run, tmp_path, monkeypatch, capsys):
    shown = run("probe", "--help")
    assert all(name in shown for name in ("pretrained", "strings", "testers"))
    (tmp_path / "package_with_a_probe.py").write_text(
        "import typer\napp = typer.Typer()\n@app.command()\ndef count(n: int = 2):\n    print('counted', n)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert run("probe", "package_with_a_probe:app", "--n", "5") == "counted 5\n"
    assert console.status_of(lambda: cli.app(["probe", "pretraned"], standalone_mode=False)) == 2
    assert "expected one of pretrained, strings, testers" in capsys.readouterr().err


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
