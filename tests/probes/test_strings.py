"""The probe of the ladder: killed at random moments it ends with the tables of one that nobody disturbed."""

import json
import subprocess
import sys
import textwrap

import pandas as pd
import pytest
from safetensors.numpy import load_file
from tests.scripts import CHECKOUT

from bitsperfact import console
from bitsperfact.analysis import analyse
from bitsperfact.errors import BadInput
from bitsperfact.probes import strings
from bitsperfact.runs import load_run, only_writer, write_manifest

KILLS = 3
TINY = [
    *("--arch", "mlp", "--params", "1.2k", "--facts", "200,400", "--seeds", "1", "--alphabet", "4"),
    *("--length", "6", "--exposures", "4", "--steps", "40", "--replicates", "2", "--workers", "1"),
    *("--trade-off", ""),
]
#: One process imports everything and then forks the probes, since each would spend seconds on imports alone.
DRIVER = textwrap.dedent(
    """
    import json, os, sys
    from functools import partial
    from pathlib import Path
    import torch, sklearn.isotonic
    from bitsperfact import analysis
    from bitsperfact.training import loop, running
    from bitsperfact.training.architectures import mlp
    from bitsperfact.report import page, showcase
    from tests.kills import kill_and_resume
    from bitsperfact.probes import strings as probe

    folder, kills, asked = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    probe.schedule_for = partial(probe.schedule_for, nonfacts=3000)
    loop.CHECKPOINT_S = 0.0  # many moments between two checkpoints
    torch.set_num_threads(1)

    def forked(out):
        child = os.fork()
        if child == 0:
            os.setsid()
            probe.app([*asked, "--out", str(out)], standalone_mode=False)
            os._exit(0)
        return child

    print(json.dumps(kill_and_resume(forked, folder, kills, share=0.7, seed=1, kill=os.killpg)))
    """
)


def test_a_ladder_killed_three_times_equals_one_left_alone(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path), str(KILLS), json.dumps(TINY)],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
    )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout.splitlines()[-1])["killed"] == KILLS
    calm = tmp_path / "calm"
    run = load_run(calm)
    again, _ = analyse(run.rows("claims"), run.rows("scores"), run.claim_sets, run.models, 0, 2, cells=run.cells)
    pd.testing.assert_frame_equal(again, run.separation)
    networks = sorted(path.relative_to(calm) for path in calm.glob("networks/*/model.safetensors"))
    assert len(networks) == 2
    for folder in sorted(tmp_path.glob("killed*")):
        assert json.loads((folder / "run.json").read_text())["status"] == "complete"
        assert not [*folder.rglob("*.partial"), *folder.rglob("*.pt")]
        for name in ("claims", "scores", "separation", "verdict", "cells"):
            tables = [pd.read_parquet(run / f"{name}.parquet") for run in (folder, calm)]
            if name == "cells":
                tables = [table.drop(columns=["seconds", "examples_per_second"]) for table in tables]
            pd.testing.assert_frame_equal(*tables)
        for path in networks:
            ours, theirs = load_file(folder / path), load_file(calm / path)
            assert all((ours[name] == theirs[name]).all() for name in theirs)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--engine", "mpi"], "--engine: expected one of local, ray, or package.module:NAME, got 'mpi'"),
        (["--ray-address", "head:1"], "--ray-address: expected --engine ray"),
        (["--arch", "cnn"], "architecture: expected one of mlp, transformer, or"),
        (["--objective", "next-symbol", "--arch", "mlp"], "objective next-symbol needs log-likelihoods"),
        (["--facts", "1"], "P / n"),
    ],
)
def test_bad_input_is_one_line_and_status_2(tmp_path, capsys, arguments, why):
    assert probe("--out", tmp_path / "run", *TINY, *arguments) == console.BAD_INPUT
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert told.count("\n") == 1
    assert why in told


def test_a_folder_that_another_run_writes_to_is_refused(tmp_path, capsys):
    with only_writer(tmp_path):
        assert probe("--out", tmp_path, *TINY) == console.BAD_INPUT
    assert "expected a folder that no other run writes to, got one in use\n" in capsys.readouterr().err


def test_a_second_run_that_stops_leaves_no_finished_folder(tmp_path, monkeypatch):
    write_manifest(tmp_path, "complete", [], [])
    monkeypatch.setattr(strings, "train_all", stopped)
    assert probe("--out", tmp_path, *TINY) == console.INTERRUPTED
    with pytest.raises(BadInput, match="complete"):
        load_run(tmp_path)


def stopped(*_, **__):
    raise KeyboardInterrupt


def probe(*arguments):
    return console.status_of(lambda: strings.app([str(argument) for argument in arguments], standalone_mode=False))
