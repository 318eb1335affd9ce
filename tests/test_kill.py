"""kill -9 at random moments, then resume: the tables equal those of a run that nobody disturbed."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd

from tests.conftest import write_capitals

CHECKOUT = Path(__file__).parents[1]
KILLS = 20
#: One process imports everything and then forks the runs, since each would spend seconds on imports alone.
DRIVER = textwrap.dedent(
    """
    import dataclasses, json, os, signal, sys, time
    from pathlib import Path
    import numpy as np
    import torch
    from bitsperfact import analysis, models, pipeline, report
    from bitsperfact.scoring import tasks

    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    tasks.SHARD_REQUESTS = 6  # many moments between two shards
    torch.set_num_threads(1)
    options = pipeline.Options(
        model=("random:tiny", "random:tiny-gpt2"), claims=(str(folder / "six.csv"),), out=folder / "calm",
        score=("choice", "p_true", "probe"), replicates=10, progress=False, cache=False,
    )

    def forked(out):
        child = os.fork()
        if child == 0:
            pipeline.run(dataclasses.replace(options, out=out))
            os._exit(0)
        return child

    for name in options.model:
        models.resolve(name)
    start = time.monotonic()
    assert os.waitpid(forked(options.out), 0)[1] == 0
    whole_s = time.monotonic() - start
    rng, killed, finished = np.random.default_rng(0), 0, 0
    while killed < kills:
        # One folder is killed over and over until it is done, then the next: both early and late moments are hit.
        out = folder / f"killed{finished}"
        child = forked(out)
        time.sleep(rng.uniform(0, 0.6 * whole_s))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        finished += not os.WIFSIGNALED(status)
    assert os.waitpid(forked(folder / f"killed{finished}"), 0)[1] == 0
    print(json.dumps({"killed": killed, "folders": finished + 1}))
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
