import os
import signal
import subprocess
import sys
import textwrap
import time

import pandas as pd
import pytest

from bitsperfact.execution import ShardStore, run
from tests.execution.tasks import Power, Sum, sums


def squares(ran: list[int], n: int = 6) -> list[Sum]:
    def task(i: int) -> Sum:
        def run(_: int) -> pd.DataFrame:
            ran.append(i)
            return pd.DataFrame({"x": [i], "y": [i * i]})

        return Sum(f"square{i}", run)

    return [task(i) for i in range(n)]


def test_runs_each_key_once_and_nothing_the_second_time(tmp_path):
    ran: list[int] = []
    store = ShardStore(tmp_path)
    tasks = squares(ran)
    assert run([*tasks, tasks[0]], store, progress=False) == 6
    assert ran == list(range(6))
    assert run(tasks, store, progress=False) == 0
    assert ran == list(range(6))
    assert store.read("square3")["y"].tolist() == [9]


def test_failure_keeps_what_was_done_and_leaves_nothing_half_written(tmp_path):
    ran: list[int] = []
    tasks = squares(ran)
    broken = Sum("broken", lambda _: 1 / 0)
    store = ShardStore(tmp_path)
    with pytest.raises(ZeroDivisionError):
        run([*tasks[:3], broken, *tasks[3:]], store, progress=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["square0.parquet", "square1.parquet", "square2.parquet"]
    run(tasks, store, progress=False)
    assert ran == list(range(6))


def test_what_is_opened_is_kept_for_tasks_in_a_row(tmp_path):
    log = tmp_path / "log"
    asked = sums(3, Power(2, log)) + sums(3, Power(3, log), "cube")
    run(asked, ShardStore(tmp_path / "shards"), progress=False)
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["2", "3"]
    run(asked, ShardStore(tmp_path / "shards"), progress=False)
    assert len(log.read_text().splitlines()) == 2  # nothing to do opens nothing


def test_leftovers_of_a_killed_process_are_not_results(tmp_path):
    store = ShardStore(tmp_path)
    (tmp_path / ".square0.parquet.abc.partial").write_bytes(b"half")
    ran: list[int] = []
    run(squares(ran), store, progress=False)
    assert ran == list(range(6))
    assert not list(tmp_path.glob(".*"))


SLOW = textwrap.dedent(
    """
    import sys, time
    from functools import partial
    from pathlib import Path
    import pandas as pd
    from bitsperfact.execution import ShardStore, run
    from tests.execution.tasks import Sum

    def slow(i, _):
        time.sleep(0.01)
        return pd.DataFrame({"x": range(2000), "y": [i] * 2000})

    tasks = [Sum(f"t{i}", partial(slow, i)) for i in range(40)]
    print("started", flush=True)
    run(tasks, ShardStore(Path(sys.argv[1])), progress=False)
    """
)


def test_kill_at_any_moment_leaves_only_whole_results(tmp_path):
    for delay_s in (0.0, 0.03, 0.07, 0.13, 0.21):
        process = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay_s)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for path in tmp_path.glob("t*.parquet"):
            assert len(pd.read_parquet(path)) == 2000
    assert subprocess.run([sys.executable, "-c", SLOW, str(tmp_path)], check=False).returncode == 0
    assert len(list(tmp_path.iterdir())) == 40
    assert [pd.read_parquet(tmp_path / f"t{i}.parquet")["y"].iloc[0] for i in range(40)] == list(range(40))
