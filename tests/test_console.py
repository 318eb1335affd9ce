"""What is printed never decides how a command ends, whatever the output can hold and whoever reads it."""

import io
import os
import subprocess
import sys

import pandas as pd
import pytest
import typer

import bitsperfact
from bitsperfact import console
from tests.test_outside_scores import scores_of

#: Prints a finished run as every command does, and ends with a status of its own.
PRINTS = """
import sys, typer
from bitsperfact import console, load_run, report
app = typer.Typer(**console.app_settings)
@app.command()
def show(folder: str) -> int:
    report.print_run(load_run(folder), ["Åland – a ≥ b", "\\U0001f600 \\udc80 日"])
    typer.echo("≤ last")
    return console.VIOLATED
console.main(app)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run whose names are of no small alphabet."""
    frame = pd.concat([scores_of("Ñandú/模型"), scores_of("api/≥1", seed=1)])
    return bitsperfact.analyse_scores(frame, tmp_path_factory.mktemp("console") / "run", replicates=2).path


def printed(folder, encoding, **more):
    """The process that prints a run, started."""
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "100"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    return subprocess.Popen([sys.executable, "-c", PRINTS, str(folder)], env=environment, **pipes)


def test_a_report_is_printed_in_any_encoding_and_to_nobody(folder):
    read, write = os.pipe()
    os.close(read)  # as `| head -1` does once it has its line
    running = {name: printed(folder, name) for name in ("ascii", "latin-1")}
    running["utf-8"] = printed(folder, "utf-8", stdout=write)
    os.close(write)
    outputs = {name: process.communicate() for name, process in running.items()}
    for name, (_, error) in outputs.items():
        assert (running[name].returncode, error) == (console.VIOLATED, b""), name
    plain, latin = (outputs[name][0].decode(name).splitlines() for name in ("ascii", "latin-1"))
    assert [plain[-5], plain[-4], plain[-1]] == ["Aland - a >= b", "? ? ?", "<= last"]
    assert [latin[-5], latin[-4], latin[-1]] == ["Åland - a >= b", "? ? ?", "<= last"]
    assert any("Nandu/??" in line for line in plain)
    assert any("Ñandú/??" in line for line in latin)


class Full(io.StringIO):
    """A stream that a full disk is behind."""

    def write(self, text):
        raise OSError(28, "No space left on device")

    def fileno(self):
        return self.number


def test_a_disk_that_is_full_is_told_in_one_line(monkeypatch, capsys, tmp_path):
    def prints(standalone_mode):
        typer.echo("a line")

    stream = Full()
    with (tmp_path / "out").open("w") as behind, monkeypatch.context() as patched:
        stream.number = behind.fileno()
        patched.setattr(sys, "stdout", stream)
        with pytest.raises(SystemExit) as left:
            console.main(prints)
    assert left.value.code == console.BAD_INPUT
    assert capsys.readouterr().err == "error: files: expected to read or write, got No space left on device\n"


def test_every_character_becomes_one_that_the_output_has():
    inner = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    output = console.Output(inner)
    every = "".join(map(chr, range(0x20, 0x3000))) + "≥½✗模\ud800"
    assert output.write(every) == len(every)
    kept = inner.buffer.getvalue().decode("ascii")
    assert kept.startswith(every[:95])
    assert kept.endswith(">=1/2x??")
    assert not output.isatty()
    absent = console.Output(None)
    assert (absent.write("x"), absent.isatty()) == (1, False)
