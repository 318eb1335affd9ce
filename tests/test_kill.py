"""kill -9 at random moments, then resume: the tables equal those of a run that nobody disturbed."""

import json
import subprocess
import sys
import textwrap

import pandas as pd

from tests.conftest import write_capitals
from tests.scripts import CHECKOUT

KILLS = 20
#: One process imports everything and then forks the runs, since each would spend seconds on imports alone.
DRIVER = textwrap.dedent(
    """
    import dataclasses, json, os, sys
    from pathlib import Path
    import torch
    from bitsperfact import analysis, files, models, pipeline
    from bitsperfact.scoring import tasks
    from tests.kills import kill_and_resume

    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    tasks.SHARD_REQUESTS = 6  # many moments between two shards
    # Drawing is half of a small run's time; what is killed here is its writing.
    pipeline._report = lambda options, run: files.write_text(options.out / "report.html", run.path.name)
    torch.set_num_threads(1)
    options = pipeline.Options(
        model=("random:tiny", "random:tiny-gpt2"), claims=(str(folder / "six.csv"),), out=folder / "calm",
        score=("calibrated", "probe"), replicates=10, progress=False, cache=False,
    )

    def forked(out):
        child = os.fork()
        if child == 0:
            pipeline.run(dataclasses.replace(options, out=out))
            os._exit(0)
        return child

    for name in options.model:
        models.resolve(name)
    print(json.dumps(kill_and_resume(forked, folder, kills, share=0.6, seed=0)))
    """
)


def test_a_run_killed_twenty_times_equals_one_left_alone(tmp_path, own_cache):
    write_capitals(tmp_path / "six.csv")
    told = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path), str(KILLS)],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        env={"BITSPERFACT_CACHE": str(own_cache), "PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1"},
    )
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout.splitlines()[-1])
    assert report["killed"] == KILLS
    for folder in sorted(tmp_path.glob("killed*")):
        assert json.loads((folder / "run.json").read_text())["status"] == "complete"
        assert not list(folder.rglob("*.partial"))
        for name in ("claims", "scores", "separation", "verdict"):
            pd.testing.assert_frame_equal(
                pd.read_parquet(folder / f"{name}.parquet"), pd.read_parquet(tmp_path / "calm" / f"{name}.parquet")
            )
