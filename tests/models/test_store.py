import errno
import subprocess
import sys
import textwrap
import time

import pytest

from bitsperfact.models import Unavailable
from bitsperfact.models.store import RECORD, Record, build_once, built, record_of

RECORDED = Record("somewhere", "1", "f" * 64, 10, "Net")


def _builder(partial):
    (partial / "weights").write_text("w")
    return RECORDED


def test_builds_once_and_remembers(empty_cache):
    folder = build_once("net", _builder)
    assert build_once("net", lambda partial: pytest.fail("built twice")) == folder == built("net")
    assert record_of(folder) == RECORDED


def test_a_copied_record_is_not_trusted(empty_cache, tmp_path):
    folder = build_once("net", _builder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / RECORD).write_bytes((folder / RECORD).read_bytes())
    assert record_of(elsewhere) is None


@pytest.mark.parametrize(
    ("error", "caught"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Unavailable),
        (PermissionError(errno.EACCES, "denied"), Unavailable),
        (ValueError("broken"), ValueError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_failed_build_leaves_nothing(empty_cache, error, caught):
    def fail(partial):
        (partial / "half").write_text("w" * 1000)
        raise error

    with pytest.raises(caught):
        build_once("net", fail)
    assert [path.name for path in (empty_cache / "models").iterdir()] in ([], [".net.lock"])
    assert build_once("net", _builder).is_dir()


def test_a_full_disk_is_one_line(empty_cache):
    def fail(partial):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Unavailable, match="a disk too full for it") as caught:
        build_once("net", fail)
    assert "\n" not in str(caught.value)


_SLOW = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from bitsperfact.models.store import Record, build_once

    def build(partial):
        log = Path(sys.argv[1])
        (partial / "weights").write_text("half")
        with log.open("a") as stream:
            stream.write("started\\n")
        while not Path(sys.argv[2]).exists():
            time.sleep(0.01)
        (partial / "weights").write_text("whole")
        return Record("somewhere", "1", "f" * 64, 10, "Net")

    print((build_once("net", build) / "weights").read_text())
""")


def _start(log, gate):
    return subprocess.Popen([sys.executable, "-c", _SLOW, str(log), str(gate)], stdout=subprocess.PIPE, text=True)


def _wait_for(log):
    while not log.exists():
        time.sleep(0.01)


def test_two_processes_build_one_folder(empty_cache, tmp_path):
    log, gate = tmp_path / "log", tmp_path / "gate"
    first, second = _start(log, gate), _start(log, gate)
    _wait_for(log)
    gate.touch()
    assert [first.communicate()[0], second.communicate()[0]] == ["whole\n", "whole\n"]
    assert log.read_text() == "started\n"


def test_a_killed_build_leaves_no_model_and_no_rubbish(empty_cache, tmp_path):
    log, gate = tmp_path / "log", tmp_path / "gate"
    killed = _start(log, gate)
    _wait_for(log)
    killed.kill()
    killed.communicate()
    assert built("net") is None
    assert list((empty_cache / "models").glob(".net.*.partial"))
    assert (build_once("net", _builder) / "weights").read_text() == "w"
    assert not list((empty_cache / "models").glob(".net.*.partial"))
