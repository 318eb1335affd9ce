import json
import shutil

import pytest

from bitsperfact import models
from bitsperfact.errors import BadInput


@pytest.fixture
def folder(tmp_path):
    """A sound model folder of the user's own, to be broken."""
    return shutil.copytree(
        models.resolve("random:tiny"), tmp_path / "mine", ignore=shutil.ignore_patterns("bits*")
    )


def _change(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _refused(folder, match, **options):
    with pytest.raises(BadInput, match=match) as caught:
        models.load(models.ModelSpec(str(folder), **options))
    assert "\n" not in str(caught.value)


def test_a_sound_folder_opens(folder):
    info = models.load(str(folder)).info
    twin = models.describe("random:tiny")
    assert (info.fingerprint, info.n_params, info.architecture) == (
        twin.fingerprint,
        twin.n_params,
        twin.architecture,
    )
    assert info.revision == info.fingerprint[:12]
    assert models.describe(str(folder)) == info


def test_any_change_of_a_file_changes_the_fingerprint(folder):
    before = models.describe(str(folder)).fingerprint
    (folder / "tokenizer_config.json").write_text("{}")
    assert models.describe(str(folder)).fingerprint != before


def test_no_config(folder):
    (folder / "config.json").unlink()
    _refused(folder, "no config.json")


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_broken_config(folder, text):
    (folder / "config.json").write_text(text)
    _refused(folder, "expected (JSON|a JSON object)")


@pytest.mark.parametrize("changes", [{"hidden_size": "wide"}, {"hidden_size": 63}])
def test_a_config_that_describes_no_model(folder, changes):
    _change(folder, **changes)
    _refused(folder, "expected a (config|model|tokenizer) that transformers can")
    with pytest.raises(BadInput, match="expected a config that transformers can build"):
        models.describe(str(folder))


def test_no_tokenizer(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()
    _refused(folder, "expected a tokenizer")


def test_broken_tokenizer(folder):
    (folder / "tokenizer.json").write_text('{"model": 1}')
    _refused(folder, "a tokenizer that transformers can read")


def test_pickled_weights_need_leave(folder):
    import torch
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    _refused(folder, "expected weights as safetensors, got none|got none")
    torch.save(weights, folder / "pytorch_model.bin")
    _refused(folder, "only pickled ones")
    assert (
        models.load(models.ModelSpec(str(folder), allow_pickle=True)).info.n_params
        == models.describe("random:tiny").n_params
    )


def test_custom_code_needs_leave(folder):
    _change(folder, model_type="mine", auto_map={"AutoModelForCausalLM": "code.Net", "AutoConfig": "code.Config"})
    _refused(folder, "trust_remote_code")


def test_unknown_model_type(folder):
    _change(folder, model_type="mine")
    _refused(folder, "model_type")


def test_no_language_model_head(folder):
    _change(folder, model_type="bert", architectures=["BertForMaskedLM"])
    _refused(folder, "causal language-model head.* got BertForMaskedLM")


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_damaged_safetensors(folder, kept):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    _refused(folder, "whole safetensors")


def test_a_missing_shard(folder):
    index = {"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    _refused(folder, "no model-00001-of-00002.safetensors")


def test_a_missing_weight_is_not_made_up(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _refused(folder, "none for model.layers.1.mlp.up_proj.weight")


def test_a_weight_of_another_shape(folder):
    _change(folder, hidden_size=128)
    _refused(folder, "a model that transformers can open")


def test_a_classifier_opens_where_it_has_one_logit_and_all_its_weights(folder):
    _change(folder, architectures=["LlamaForSequenceClassification"], id2label={"0": "false", "1": "true"})
    _refused(folder, r"one logit \(num_labels 1\), got one with 2")
    _change(folder, architectures=["LlamaForSequenceClassification"], id2label={"0": "fact"})
    assert models.describe(str(folder)).architecture == "LlamaForSequenceClassification"
    _refused(folder, r"every weight of the model, got none for score\.weight")
