"""A ladder on Ray has the numbers of a local one, and either engine goes on from where the other was."""

import pandas as pd
import pytest
from tests.training.tasks import KilledOnce, stacks

from bitsperfact.errors import BadInput
from bitsperfact.execution import Cluster, cluster, run_ray
from bitsperfact.files import write_text
from bitsperfact.training import LadderStore, train_all
from bitsperfact.training.on_ray import StackStore


def assert_same(folder, other, made):
    one, two = LadderStore(folder), LadderStore(other)
    records = [store.records(made).drop(columns=["seconds", "examples_per_second"]) for store in (one, two)]
    pd.testing.assert_frame_equal(*records)
    for stack in made:
        pd.testing.assert_frame_equal(one.scores(stack), two.scores(stack))
        assert not one.checkpoint_path(stack).exists()
        for cell in stack.cells:
            files = {path.name: path.read_bytes() for path in one.network_path(cell).iterdir()}
            assert files == {path.name: path.read_bytes() for path in two.network_path(cell).iterdir()}
    assert not list(folder.rglob(".*"))


def test_results_are_the_local_ones_whoever_trains_and_whichever_worker_is_lost(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    made = stacks("mlp", "transformer")
    train_all(made, tmp_path / "local", progress=False)
    with cluster.joined(Cluster(2)):
        # One stack by either engine in one folder.
        train_all(made[:1], tmp_path / "ray", progress=False)
        train_all(made, tmp_path / "ray", 2, engine="ray", progress=False)
        # A worker lost where the folder is shared, and where only one of the same name is seen.
        for name, mark, begun in (("shared", "m", [0, 10]), ("apart", "other", [0, 0])):
            folder, log = tmp_path / name, tmp_path / f"{name}.log"
            write_text(folder / ".shared", "m")
            run_ray(
                [KilledOnce(made[0], folder, mark, log)], StackStore(folder / "stacks"), Cluster(1), progress=False
            )
            (folder / ".shared").unlink()
            assert [int(line) for line in log.read_text().splitlines()] == begun
            assert_same(folder, tmp_path / "local", made[:1])
    assert_same(tmp_path / "ray", tmp_path / "local", made)
    written = LadderStore(tmp_path / "ray").record_path(made[1]).stat().st_mtime_ns
    train_all(made, tmp_path / "ray", progress=False)
    assert LadderStore(tmp_path / "ray").record_path(made[1]).stat().st_mtime_ns == written


def test_engines_and_addresses_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(BadInput, match="--engine: expected local or ray, got 'mpi'"):
        train_all(stacks("mlp"), tmp_path, engine="mpi")
    with pytest.raises(BadInput, match="--ray-address: expected --engine ray"):
        train_all(stacks("mlp"), tmp_path, address="head:6379")
