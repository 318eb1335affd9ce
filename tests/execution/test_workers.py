"""Worker processes: what becomes of tasks, and of workers, in whichever way either of them ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from bitsperfact.errors import BadInput
from bitsperfact.execution import Needs, Placement, ShardStore, run, waiting
from bitsperfact.execution.placement import processors
from tests.execution import tasks

CHECKOUT = Path(__file__).parents[2]
TWO = Placement(workers=2)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_results_are_those_of_one_process_to_the_byte_and_none_is_computed_twice(tmp_path):
    log = tmp_path / "log"
    asked = tasks.sums(4, tasks.Power(2, log)) + tasks.sums(4, tasks.Power(3, log), "cube")
    run(asked, ShardStore(tmp_path / "here"), Placement(workers=1), progress=False)
    log.unlink()
    assert run([*asked, asked[-1]], ShardStore(tmp_path / "there"), TWO, progress=False) == 8
    opened = [tuple(line.split()) for line in log.read_text().splitlines()]
    assert {exponent for exponent, _ in opened} == {"2", "3"}
    assert len({pid for _, pid in opened}) == len(opened)  # a process opens one thing, once
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_a_worker_lost_at_its_task_costs_nothing_but_time_and_a_warning_is_given_once(tmp_path):
    asked = [
        tasks.Sum("killed", partial(tasks.killed_once, tmp_path / "a", 3)),
        tasks.Sum("starved", partial(tasks.starved_once, tmp_path / "b", 5)),
        *[tasks.Sum(f"warned{i}", partial(tasks.warned, i)) for i in range(4)],
    ]
    store = ShardStore(tmp_path / "shards")
    with pytest.warns(UserWarning, match="plain rows") as caught:
        assert run(asked, store, TWO, progress=False) == 6
    assert len(caught) == 1
    assert [store.read(key)["y"].item() for key in ("killed", "starved", "warned2")] == [9, 25, 4]


@pytest.mark.parametrize(("fault", "reason"), [(tasks.killed, "died"), (tasks.starved, "MemoryError: 1 TB asked")])
def test_a_task_that_loses_every_worker_is_named_and_costs_no_other(tmp_path, fault, reason, monkeypatch):
    monkeypatch.setattr(waiting, "LOSSES", 2)
    asked = [tasks.Sum("bad", fault), *tasks.sums(4)]
    with pytest.raises(BadInput, match=rf"^shard bad \(sums\): .* got 2 that did not.*{reason}"):
        run(asked, ShardStore(tmp_path), TWO, progress=False)
    assert list(contents(tmp_path)) == [f"t{i}.parquet" for i in range(4)]


@pytest.mark.parametrize("fault", [tasks.refused, tasks.broken])
def test_an_exception_is_the_one_of_a_single_process(tmp_path, fault):
    asked = [tasks.Sum("bad", fault), *tasks.sums(1)]
    with pytest.raises((BadInput, ZeroDivisionError)) as here:
        run(asked, ShardStore(tmp_path / "here"), progress=False)
    with pytest.raises((BadInput, ZeroDivisionError)) as there:
        run(asked, ShardStore(tmp_path / "there"), TWO, progress=False)
    assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))
    assert "in run" in "".join(there.value.__notes__) or "tasks.py" in "".join(there.value.__notes__)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_runs_moves_the_bar_and_no_further_than_its_end(tmp_path, capfd, workers):
    asked = [tasks.Sum(f"long{i}", partial(tasks.advancing, 7, 0.3), n_items=10) for i in range(2)]
    assert run(asked, ShardStore(tmp_path), Placement(workers=workers)) == 20
    told = capfd.readouterr().err
    assert "7/20" in told or "14/20" in told
    assert "20/20" in told


def test_as_many_processes_as_pay_and_fit_unless_a_number_is_asked_for(tmp_path, monkeypatch):
    asked = [tasks.Sum(f"t{i}", tasks.broken, n_items=100) for i in range(8)]
    needs = {tasks.Power(2): Needs(paying_items=100)}
    assert Placement().n_workers(asked, needs) == min(8, processors())
    assert Placement().n_workers(asked, {tasks.Power(2): Needs(paying_items=801)}) == 1
    assert Placement().n_workers(asked, {}) == 1
    assert Placement(workers=5).n_workers(asked, {}) == 5
    with pytest.raises(BadInput, match=r"^--workers 2: expected 1e\+09 GB of free memory for each process"):
        run(asked, ShardStore(tmp_path), TWO, {tasks.Power(2): Needs(10**18)}, progress=False)
    monkeypatch.setattr("bitsperfact.execution.placement.processors", lambda: 4)
    with pytest.raises(ZeroDivisionError):  # in this process, whose memory is not asked about
        run(
            asked,
            ShardStore(tmp_path),
            Placement(),
            {tasks.Power(2): Needs(10**18, paying_items=1)},
            progress=False,
        )


def test_an_engine_of_another_package_is_named_in_full(tmp_path):
    placed = Placement("tests.execution.tasks:LAST_FIRST")
    assert run(tasks.sums(3), ShardStore(tmp_path), placed, progress=False) == 3
    assert len(contents(tmp_path)) == 3
    with pytest.raises(BadInput, match=r"^--engine: expected one of local, ray, or .*, got 'mpi'"):
        Placement("mpi").check()


DRIVER = textwrap.dedent(
    """
    import signal, sys
    from pathlib import Path
    from bitsperfact.execution import Placement, ShardStore, run
    from tests.execution.tasks import slow_sums

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    run(slow_sums(60), ShardStore(Path(sys.argv[1])), Placement(sys.argv[2], int(sys.argv[3])), progress=False)
    """
)


def interrupted(folder: Path, engine: str, workers: int, signal_number: int) -> int:
    """Send a driver the signal when it has stored two more shards; return its status once its workers are gone."""
    done = len(list(folder.glob("*.parquet")))
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), engine, str(workers)],
        cwd=CHECKOUT,
        stderr=subprocess.DEVNULL,
    )
    while len(list(folder.glob("*.parquet"))) < done + 2:
        assert driver.poll() is None
        time.sleep(0.02)
    family = {process: process.name() for process in psutil.Process(driver.pid).children(recursive=True)}
    assert any("Worker" in name or engine == "local" for name in family.values()), family
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


@pytest.mark.parametrize("engine", ["local", "ray"])
def test_a_driver_killed_or_interrupted_leaves_no_process_and_the_next_engine_goes_on(tmp_path, engine):
    asked = tasks.slow_sums(60)
    folder = tmp_path / "shards"
    folder.mkdir()
    assert interrupted(folder, engine, 2, signal.SIGKILL) == -signal.SIGKILL
    assert interrupted(folder, engine, 3, signal.SIGINT) == -signal.SIGINT
    assert 4 <= len(list(folder.glob("*.parquet"))) < 60
    for task in asked:  # the others at once
        object.__setattr__(task, "run", partial(tasks.powers, int(task.key[1:])))
    assert 0 < run(asked, ShardStore(folder), progress=False) <= 56
    run(asked, ShardStore(tmp_path / "calm"), progress=False)
    assert contents(folder) == contents(tmp_path / "calm")
