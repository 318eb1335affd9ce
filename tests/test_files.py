import hashlib
import resource
import signal

import pytest

from bitsperfact.errors import BadInput
from bitsperfact.files import atomic_file, sha256_of_file, sha256_of_text, write_text
from bitsperfact.units import bits_to_nats, nats_to_bits


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ValueError, match="invalid literal"), atomic_file(path) as partial:
        int(f"half of {partial.write_text('half')}")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_disk_that_takes_no_more_leaves_nothing(tmp_path):
    # The operating system's own limit on a file's size stands in for a full disk.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_text(tmp_path / "a.txt", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())


def test_hashes(tmp_path):
    write_text(tmp_path / "a", "fact")
    assert sha256_of_file(tmp_path / "a") == hashlib.sha256(b"fact").hexdigest()
    assert sha256_of_text("ab", "c") != sha256_of_text("a", "bc")


def test_a_bit_is_ln_2_nats():
    assert bits_to_nats(1.0) == pytest.approx(0.6931471805599453)
    assert nats_to_bits(bits_to_nats(5.5)) == pytest.approx(5.5)


def test_bad_input_is_one_short_line():
    error = BadInput("a\nb", "x", "y" * 10**6)
    assert "\n" not in str(error)
    assert len(str(error)) < 1000
    assert str(error).startswith("a b: expected x, got y")
