"""The Ray engine does what the local one does, and outlives its workers, its driver and its cluster's loss."""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from bitsperfact import pipeline
from bitsperfact.errors import BadInput
from bitsperfact.execution import Needs, Placement, ShardStore, cluster, crew, run, waiting
from bitsperfact.execution.engines import ray as ray_engine
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


def test_lost_workers_cost_time_and_an_exception_is_the_one_of_this_process(tmp_path, two, monkeypatch):
    monkeypatch.setattr(waiting, "LOSSES", 2)
    asked = [
        tasks.Sum("killed", partial(tasks.killed_once, tmp_path / "a", 3)),
        tasks.Sum("starved", partial(tasks.starved_once, tmp_path / "b", 5)),
        tasks.Sum("warned", partial(tasks.warned, 2)),
    ]
    store = ShardStore(tmp_path / "shards")
    with pytest.warns(UserWarning, match="plain rows"):
        assert run(asked, store, Placement("ray", 1), progress=False) == 3
    assert [store.read(task.key)["y"].item() for task in asked] == [9, 25, 4]
    with pytest.raises(BadInput, match=r"^shard bad \(sums\): .* got 2 that did not.*died"):
        run([tasks.Sum("bad", tasks.killed)], store, Placement("ray", 1), progress=False)
    with pytest.raises(BadInput, match=r"^claim 'Paris': expected a finite number, got nan"):
        run([tasks.Sum("bad", tasks.refused)], store, Placement("ray", 1), progress=False)


def test_a_task_that_runs_moves_the_bar(two, capfd, tmp_path, monkeypatch):
    for module in (crew, ray_engine):
        monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    run([tasks.Sum("long", partial(tasks.advancing, 7, 1.0), n_items=10)], ShardStore(tmp_path), two)
    assert "7/10" in capfd.readouterr().err


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
