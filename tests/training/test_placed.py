"""A ladder has the numbers of one process wherever it is trained, and whichever worker is lost."""

import pandas as pd
import pytest
from tests.training.tasks import KilledOnce, stacks

from bitsperfact.execution import Placement, cluster, run
from bitsperfact.files import write_text
from bitsperfact.training import LadderStore, train_all
from bitsperfact.training.stack_task import MARK, StackStore, StackTask


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


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Two stacks and the folder of a ladder of them, trained in this process."""
    made, folder = stacks("mlp", "transformer"), tmp_path_factory.mktemp("calm")
    train_all(made, folder, Placement(workers=1), progress=False)
    return made, folder


def trained_with_a_loss(folder, task, placement, *others):
    write_text(folder / MARK, "m")
    run([task, *others], StackStore(folder / "stacks"), placement, progress=False)
    (folder / MARK).unlink()
    return [int(line) for line in task.log.read_text().splitlines()]


def test_processes_of_this_machine_and_one_that_is_lost(tmp_path, calm):
    made, folder = calm
    mlp, transformer = sorted(made, key=lambda stack: stack.shape.architecture)
    ours = tmp_path / "ours"
    lost = KilledOnce(mlp, ours, "m", tmp_path / "log")
    begun = trained_with_a_loss(ours, lost, Placement(workers=2), StackTask(transformer, ours, "m"))
    assert begun == [0, 10]  # where the lost process had left its checkpoint
    assert_same(ours, folder, made)
    written = LadderStore(ours).record_path(mlp).stat().st_mtime_ns
    train_all(made, ours, Placement(workers=2), progress=False)
    assert LadderStore(ours).record_path(mlp).stat().st_mtime_ns == written


def test_ray_where_the_folder_is_shared_and_where_only_one_of_the_same_name_is_seen(tmp_path, calm, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    made, folder = calm
    mlp = min(made, key=lambda stack: stack.shape.architecture)
    with cluster.joined(2):
        for mark, begun in (("m", [0, 10]), ("other", [0, 0])):
            ours = tmp_path / mark
            task = KilledOnce(mlp, ours, mark, tmp_path / f"{mark}.log")
            assert trained_with_a_loss(ours, task, Placement("ray", 1)) == begun
            assert_same(ours, folder, [mlp])
