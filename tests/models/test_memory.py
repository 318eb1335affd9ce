"""Bits of memory: what the weights took at their source, or less where they are scored in less."""

import json
import shutil

import pytest

from bitsperfact import models
from bitsperfact.models.describing import stored_bits
from bitsperfact.models.sources.random import RANDOM_MODELS
from bitsperfact.models.spec import DTYPE_BITS

N = RANDOM_MODELS["random:tiny"].n_params


@pytest.fixture
def folder(tmp_path):
    """A folder of the user's own with the tied network `random:tiny`, to be stored in another way."""
    return shutil.copytree(
        models.resolve("random:tiny"), tmp_path / "mine", ignore=shutil.ignore_patterns("bits*")
    )


def _store(folder, change):
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


@pytest.mark.parametrize("stored", DTYPE_BITS)
@pytest.mark.parametrize("scored", DTYPE_BITS)
def test_the_narrower_of_two_precisions_counts(folder, stored, scored):
    import torch

    _store(folder, lambda weights: {name: w.to(getattr(torch, stored)) for name, w in weights.items()})
    info = models.describe(models.ModelSpec(str(folder), dtype=scored))
    assert info.memory_bits == N * min(DTYPE_BITS[stored], DTYPE_BITS[scored])


def test_tied_matrices_and_masks_that_a_file_stores_add_nothing(folder):
    import torch

    def doubled(weights):
        copy = weights["model.embed_tokens.weight"].clone()
        return weights | {"lm_head.weight": copy, "mask": torch.ones(500, 500, dtype=torch.bool)}

    _store(folder, doubled)
    assert models.describe(str(folder)).memory_bits == 32 * N


def test_packed_weights_take_what_they_take(folder):
    import torch

    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"quantization_config": {"quant_method": "x"}}))
    _store(folder, lambda _: {"packed": torch.zeros(10, dtype=torch.int32), "scales": torch.ones(4).half()})
    assert stored_bits(folder, N) == 10 * 32 + 4 * 16


def test_pickled_weights_are_of_unknown_size(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert models.describe(models.ModelSpec(str(folder), allow_pickle=True)).memory_bits is None


def test_a_gguf_model_has_the_bits_of_its_blocks(write_gguf, llama, tmp_path):
    path = str(write_gguf(tmp_path / "quantised.gguf", quantised=True))
    # Q8_0: 32 weights in 34 bytes; vectors stay in float32.
    expected = sum(w.numel() * (8.5 if w.dim() == 2 else 32) for w in llama.parameters())
    assert models.describe(path).memory_bits == expected
    assert models.describe(models.ModelSpec(path, dtype="bfloat16")).memory_bits == expected
    record = models.resolve(path) / "bitsperfact.json"
    assert json.loads(record.read_text())["memory_bits"] == expected
    older = {k: v for k, v in json.loads(record.read_text()).items() if k != "memory_bits"}
    record.write_text(json.dumps(older))
    assert models.describe(path).memory_bits == expected
