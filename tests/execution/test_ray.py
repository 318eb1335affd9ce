"""The Ray engine does what the local one does, and outlives its workers, its driver and its cluster's loss."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import pandas as pd
import psutil
import pytest

from bitsperfact import pipeline
from bitsperfact.errors import BadInput
from bitsperfact.execution import Needs, Placement, ShardStore, cluster, run, waiting
from tests.conftest import write_capitals
from tests.execution import tasks

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def two(own_cache):
    """Two workers in one cluster for all tests of this file."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BITSPERFACT_CACHE", str(own_cache))  # workers take it from the cluster's start
        patched.setenv("HF_HUB_OFFLINE", "1")
        patched.setenv("OMP_NUM_THREADS", "1")
        with cluster.joined(2):
            yield Placement("ray", 2)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere"])
def test_an_address_without_a_cluster_is_one_line(tmp_path, address):
    with pytest.raises(BadInput, match=rf"^--ray-address {address}: expected a Ray cluster, got "):
        run(tasks.sums(1), ShardStore(tmp_path), Placement("ray", 1, address), progress=False)


def test_results_are_those_of_the_local_engine_to_the_byte_and_none_is_computed_twice(tmp_path, two):
    log = tmp_path / "log"
    asked = tasks.sums(8, tasks.Power(2, log)) + tasks.sums(4, tasks.Power(3, log), "cube")
    store = ShardStore(tmp_path / "ray")
    assert run(asked[:3], store, progress=False) == 3
    log.unlink()
    assert (
        run([*asked, asked[-1]], store, Placement("ray", 3), progress=False) == 9
    )  # one more than there is room for
    opened = [tuple(line.split()) for line in log.read_text().splitlines()]
    assert {exponent for exponent, _ in opened} == {"2", "3"}
    assert len({pid for _, pid in opened}) == len(opened)  # a process opens one thing, once
    assert (
        run(asked, store, Placement("ray", 1, "192.0.2.1:1"), progress=False) == 0
    )  # joins no cluster for nothing
    assert run(asked, ShardStore(tmp_path / "local"), progress=False) == 12
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")


def test_a_worker_lost_at_its_task_costs_nothing_but_time_and_a_warning_is_given_once(tmp_path, two):
    asked = [
        tasks.Sum("killed", partial(tasks.killed_once, tmp_path / "a", 3)),
        tasks.Sum("starved", partial(tasks.starved_once, tmp_path / "b", 5)),
        *[tasks.Sum(f"warned{i}", partial(tasks.warned, i)) for i in range(4)],
    ]
    store = ShardStore(tmp_path / "shards")
    with pytest.warns(UserWarning, match="plain rows") as caught:
        assert run(asked, store, Placement("ray", 1), progress=False) == 6
    assert len(caught) == 1
    assert [store.read(key)["y"].item() for key in ("killed", "starved", "warned2")] == [9, 25, 4]


@pytest.mark.parametrize(("fault", "reason"), [(tasks.killed, "died"), (tasks.starved, "MemoryError: 1 TB asked")])
def test_a_task_that_loses_every_worker_is_named_and_costs_no_other(tmp_path, two, fault, reason, monkeypatch):
    monkeypatch.setattr(waiting, "LOSSES", 2)
    asked = [tasks.Sum("bad", fault), *tasks.sums(4)]
    with pytest.raises(BadInput, match=rf"^shard bad \(sums\): .* got 2 that did not.*{reason}"):
        run(asked, ShardStore(tmp_path), Placement("ray", 1), progress=False)
    assert list(contents(tmp_path)) == [f"t{i}.parquet" for i in range(4)]


@pytest.mark.parametrize("fault", [tasks.refused, tasks.broken])
def test_an_exception_is_the_one_that_the_local_engine_raises(tmp_path, two, fault):
    asked = [*tasks.sums(4), tasks.Sum("bad", fault), *tasks.sums(4, name="later")]
    with pytest.raises((BadInput, ZeroDivisionError)) as here:
        run(asked, ShardStore(tmp_path / "local"), progress=False)
    with pytest.raises((BadInput, ZeroDivisionError)) as there:
        run(asked, ShardStore(tmp_path / "ray"), Placement("ray", 1), progress=False)
    assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))
    assert contents(tmp_path / "ray") == contents(tmp_path / "local") != {}


def test_needs_that_no_node_meets_are_refused(tmp_path, two):
    with pytest.raises(BadInput, match="1e\\+09 GB of memory for each worker"):
        run(tasks.sums(1), ShardStore(tmp_path), two, {tasks.Power(2): Needs(10**18)}, progress=False)


def test_without_ray_one_line_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"pip install 'bitsperfact\[ray\]'"):
        run(tasks.sums(1), ShardStore(tmp_path), Placement("ray", 1), progress=False)


def test_a_run_on_ray_ends_with_the_tables_of_a_local_run(tmp_path, two, apart):
    asked = {
        "model": ("random:tiny",),
        "claims": (str(write_capitals(tmp_path / "six.csv")),),
        "score": ("calibrated", "probe"),
        "replicates": 5,
        "cache": False,
        "progress": False,
    }
    ray_run = pipeline.run(pipeline.Options(**asked, out=tmp_path / "ray", engine="ray"))
    local_run = pipeline.run(pipeline.Options(**asked, out=tmp_path / "local"))
    for name in ("claims", "scores", "separation", "verdict"):
        pd.testing.assert_frame_equal(getattr(ray_run, name), getattr(local_run, name), atol=1e-5)


DRIVER = textwrap.dedent(
    """
    import signal, sys
    from pathlib import Path
    from bitsperfact.execution import Placement, ShardStore, run
    from tests.execution.tasks import slow_sums

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    run(slow_sums(60), ShardStore(Path(sys.argv[1])), Placement("ray", int(sys.argv[2])), progress=False)
    """
)


def interrupted(folder: Path, workers: int, signal_number: int) -> int:
    """Send a driver the signal when it has stored two more shards; return its status once its workers are gone."""
    done = len(list(folder.glob("*.parquet")))
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), str(workers)], cwd=CHECKOUT, stderr=subprocess.DEVNULL
    )
    while len(list(folder.glob("*.parquet"))) < done + 2:
        assert driver.poll() is None
        time.sleep(0.02)
    family = {process: process.name() for process in psutil.Process(driver.pid).children(recursive=True)}
    assert any("Worker" in name for name in family.values()), family
    os.kill(driver.pid, signal_number)
    status = driver.wait(30)
    deadline = time.monotonic() + 20
    while left := [p for p, name in family.items() if lives(p) and "Agent" not in name]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    for agent in filter(lives, family):
        agent.kill()  # it would notice that its cluster was killed, in a minute
    return status


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_driver_killed_or_interrupted_leaves_no_process_and_the_next_engine_goes_on(tmp_path):
    asked = tasks.slow_sums(60)
    run(asked, ShardStore(tmp_path / "calm"), progress=False)
    folder = tmp_path / "shards"
    folder.mkdir()
    assert interrupted(folder, 2, signal.SIGKILL) == -signal.SIGKILL
    assert interrupted(folder, 1, signal.SIGINT) == -signal.SIGINT
    assert 4 <= len(list(folder.glob("*.parquet"))) < 60
    assert 0 < run(asked, ShardStore(folder), progress=False) <= 56
    assert contents(folder) == contents(tmp_path / "calm")
