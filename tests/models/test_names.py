import pytest

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models.wheels import packaged_models


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("random:tinny", "random:tiny"),
        ("pypi:smollm", "pypi:smollm2-135m"),
        ("pypi:gemma-270m", "pypi:gemma3-270m"),
    ],
)
def test_a_near_name_is_suggested(name, near):
    with pytest.raises(BadInput, match=f"did you mean {near}"):
        models.resolve(name)


@pytest.mark.parametrize(
    "name", ["", "gpt2", "./nowhere", "~/nowhere", "/nowhere", "a/b/c", "pypi:", "a b/c", "é"]
)
def test_an_unknown_name_is_one_line(name):
    with pytest.raises(BadInput, match="which is none of these") as caught:
        models.resolve(name)
    assert "\n" not in str(caught.value)


def test_a_missing_gguf_file(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        models.resolve(str(tmp_path / "weights.gguf"))


def test_listing_says_what_is_cached(empty_cache):
    before = {entry.name: entry.cached for entry in models.known()}
    assert not any(before.values())
    models.resolve("random:tiny")
    after = {entry.name: entry.cached for entry in models.known()}
    assert after == before | {"random:tiny": True}


def test_every_packaged_model_is_pinned():
    packaged = packaged_models()
    assert {"pypi:smollm2-135m", "pypi:gemma3-270m", "pypi:qwen2.5-coder-0.5b"} <= packaged.keys()
    for name, model in packaged.items():
        hashes = [model.sha256, *(wheel.sha256 for wheel in model.wheels)]
        assert all(len(h) == 64 and int(h, 16) >= 0 for h in hashes), name
        assert len(set(hashes)) == len(hashes)
        assert model.licence
        assert model.n_params > 0
