import subprocess
import sys

import pytest

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models import loading
from bitsperfact.models.sources.random import RANDOM_MODELS

NAMES = sorted(RANDOM_MODELS)
TEXT = "The capital of France is Paris."


@pytest.mark.parametrize("name", NAMES)
def test_random_models_are_ready_to_score(name):
    loaded = models.load(name)
    assert not loaded.model.training
    assert not any(weight.requires_grad for weight in loaded.model.parameters())
    ids = loaded.tokenizer(TEXT, return_tensors="pt").input_ids.to(loaded.device)
    logprobs = loaded.model(ids).logits.log_softmax(-1)
    # Far enough from uniform that a score computed at a wrong place would differ.
    assert logprobs.std() > 0.5
    assert loaded.tokenizer.decode(ids[0], skip_special_tokens=True) == TEXT


@pytest.mark.parametrize("name", NAMES)
def test_description_matches_what_loads(name):
    loaded = models.load(name)
    assert models.describe(name) == loaded.info
    assert (
        loaded.info.n_params == RANDOM_MODELS[name].n_params == sum(p.numel() for p in loaded.model.parameters())
    )
    assert loaded.info.architecture == loaded.model.config.architectures[0]


@pytest.mark.parametrize("name", NAMES)
def test_bos_is_added_where_announced(name):
    tokenizer = models.load(name).tokenizer
    starts = tokenizer("of")["input_ids"][0] == tokenizer.bos_token_id
    assert starts is RANDOM_MODELS[name].adds_bos
    assert starts is ("bos" in name or "gemma" in name)


def test_merges_reach_over_a_boundary():
    plain, merged = models.load("random:tiny").tokenizer, models.load("random:tiny-gpt2").tokenizer
    for tokenizer, joined in ((plain, True), (merged, False)):
        whole = tokenizer("Paris")["input_ids"]
        assert (whole == tokenizer("Pari")["input_ids"] + tokenizer("s")["input_ids"]) is joined


def test_random_models_are_the_same_everywhere(tmp_path, monkeypatch):
    here = models.describe("random:tiny-gemma3")
    monkeypatch.setenv("BITSPERFACT_CACHE", str(tmp_path))
    assert models.describe("random:tiny-gemma3") == here


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_dtype(dtype):
    loaded = models.load(models.ModelSpec("random:tiny", dtype=dtype))
    assert {str(p.dtype) for p in loaded.model.parameters()} == {f"torch.{dtype}"}
    assert loaded.info.dtype == dtype


@pytest.mark.parametrize("dtype", ["int8", "Float32", ""])
def test_unknown_dtype(dtype):
    with pytest.raises(BadInput, match="dtype: expected one of float32"):
        models.load(models.ModelSpec("random:tiny", dtype=dtype))


@pytest.mark.parametrize("device", ["tpu", "cuda:", "cuda:x", "CPU", "", "cuda:1000000"])
def test_unknown_device(device):
    with pytest.raises(BadInput, match="device: expected"):
        models.load(models.ModelSpec("random:tiny", device=device))


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(BadInput, match="0 CUDA devices"):
        models.load(models.ModelSpec("random:tiny", device="cuda"))


def test_layers_on_disk_give_the_same_numbers(monkeypatch):
    import torch

    whole = models.load(models.ModelSpec("random:tiny-qwen2", device="cpu"))
    places = dict.fromkeys(("model.embed_tokens", "model.layers.1", "lm_head"), "disk")
    places |= dict.fromkeys(("model.layers.0", "model.norm", "model.rotary_emb"), "cpu")
    monkeypatch.setattr(loading, "_placement", lambda device: places)
    split = models.load("random:tiny-qwen2")
    assert split.model.get_input_embeddings().weight.device.type == "meta"
    assert split.device == torch.device("cpu")
    ids = split.tokenizer(TEXT, return_tensors="pt").input_ids.to(split.device)
    assert torch.equal(split.model(ids).logits, whole.model(ids).logits)


def test_opening_is_silent(capfd):
    models.load("random:tiny")
    assert capfd.readouterr() == ("", "")


def test_importing_and_listing_need_no_torch():
    listing = "import sys; from bitsperfact import models; models.known()"
    code = f"{listing}; print({{'torch', 'transformers'}} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
