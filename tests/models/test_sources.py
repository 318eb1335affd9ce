"""Models that another package names: by an entry point, or in full, without a line here knowing of it."""

import sys
from dataclasses import replace

import pytest

from bitsperfact import models
from bitsperfact.errors import BadInput

SHELF = """
from bitsperfact import models

class Shelf(models.Source):
    form = "shelf:NAME"

    def claims(self, name):
        return name.startswith("shelf:")

    def folder(self, spec):
        return models.resolve("random:" + spec.name.rpartition(":")[2])

    def stored_bits(self, spec):
        return 1000.0

    def known(self):
        return [models.Entry("shelf:tiny", 1, "MIT", "a shelf", "", True)]

SHELF = Shelf()
NO_SOURCE = "a text"
"""


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A package installed elsewhere; called with lines for its entry points."""

    def install(*entry_points):
        (tmp_path / "shelf_package.py").write_text(SHELF)
        info = tmp_path / "shelf_package-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf-package\nVersion: 1.0\n")
        lines = ["[bitsperfact.model_sources]", *entry_points]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "shelf_package", raising=False)

    yield install
    sys.modules.pop("shelf_package", None)


def test_an_entry_point_adds_a_source(shelf):
    with pytest.raises(BadInput, match="which is none of these"):
        models.resolve("shelf:tiny")
    shelf("shelf = shelf_package:SHELF")
    assert models.resolve("shelf:tiny") == models.resolve("random:tiny")
    info = models.load("shelf:tiny").info
    assert (info.name, info.memory_bits) == ("shelf:tiny", 1000.0)
    assert "shelf:tiny" in {entry.name for entry in models.known()}
    with pytest.raises(BadInput, match=r"shelf:NAME.*did you mean shelf:tiny"):
        models.resolve("shef:tiny")


def test_a_source_is_named_in_full(shelf):
    shelf()
    assert models.resolve("shelf_package:SHELF:tiny-bos") == models.resolve("random:tiny-bos")
    with pytest.raises(BadInput, match="a model source, got an object of type str"):
        models.resolve("shelf_package:NO_SOURCE:tiny")
    with pytest.raises(BadInput, match="NAME of an installed package"):
        models.resolve("no_such_package:SHELF:tiny")


def test_a_model_is_found_once_and_found_again_where_it_is_missing(monkeypatch, tmp_path):
    import pickle
    import shutil

    opener = pickle.loads(pickle.dumps(models.opener("random:tiny")))
    assert opener == models.opener("random:tiny")
    assert len({opener, models.opener("random:tiny")}) == 1
    with monkeypatch.context() as here:
        here.setattr("bitsperfact.models.loading.located", None)  # the folder is there: nobody asks for it
        assert opener().info == opener.info
    monkeypatch.setenv("BITSPERFACT_CACHE", str(tmp_path / "elsewhere"))
    moved = replace(opener, files=replace(opener.files, folder=tmp_path / "gone"))
    assert moved().info == opener.info
    shutil.rmtree(tmp_path / "elsewhere")


def test_the_quick_way_to_a_tokenizer_ends_at_the_same(write_gguf, tmp_path):
    from transformers import PreTrainedTokenizerFast

    names = ["random:tiny-bos", "random:tiny", str(write_gguf(tmp_path / "tiny.gguf", add_bos=True))]
    for name in names:
        quick, slow = (models.load(name).tokenizer, PreTrainedTokenizerFast.from_pretrained(models.resolve(name)))
        assert quick.backend_tokenizer.to_str() == slow.backend_tokenizer.to_str()
        for said in ("special_tokens_map", "all_special_ids", "chat_template", "padding_side", "model_max_length"):
            assert getattr(quick, said) == getattr(slow, said)
        assert quick("the 12 <|bos|> é") == slow("the 12 <|bos|> é")
