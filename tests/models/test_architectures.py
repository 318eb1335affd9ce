"""A dozen kinds of networks, from a user's folder to numbers; all of them: scripts/check_architectures.py."""

import pytest
import torch
import transformers
from safetensors.torch import save_file
from tests.scripts import load_script

from bitsperfact import models

sweep = load_script("scripts/check_architectures.py")

#: Type -> the strategy that the engine takes for it: one of each kind that was found to need care.
KINDS = {
    "gpt2": "trie_and_tiles",
    "bloom": "padded_rows",  # positions as a bias on attention
    "mpt": "padded_rows",
    "falcon": "padded_rows",
    "phi3": "trie_and_tiles",
    "gemma2": "trie_and_tiles",  # windows, capped logits
    "gemma3": "trie_and_tiles",  # the text part of a model of images
    "gemma4": "trie_and_tiles",  # ... whose layers differ in the size of their heads
    "qwen3_5": "padded_rows",  # linear and full attention in turn
    "qwen3_vl": "trie_and_tiles",  # no text part of its own in transformers: opened whole
    "deepseek_v2": "trie_and_tiles",  # latent attention, experts
    "gpt_oss": "padded_rows",  # sinks
    "mamba": "padded_rows",
    "rwkv": "padded_rows",
    "recurrent_gemma": "padded_rows",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_scores_as_one_claim_at_a_time_whatever_its_kind(kind):
    found = sweep.examine(kind, budgets=(50,), n_subjects=1)
    assert found.is_right, found
    assert (found.opens, found.strategy) == ("yes", KINDS[kind])


def test_gemma_3n_needs_no_library_of_images(tmp_path):
    """The wrapper cannot be built here; its config and the names of its weights are as published."""
    network, _ = sweep.build("gemma3n_text")
    sweep.save_model(network, tmp_path, models.resolve("random:tiny"))
    whole = transformers.Gemma3nConfig(text_config=network.config.to_dict())
    whole.architectures = ["Gemma3nForConditionalGeneration"]
    whole.save_pretrained(tmp_path)
    parts = network.model.state_dict().items()
    weights = {f"model.language_model.{name}": weight.clone() for name, weight in parts}
    image = {"model.vision_tower.timm_model.conv_stem.conv.weight": torch.zeros(3)}
    save_file(weights | image, tmp_path / "model.safetensors", metadata={"format": "pt"})
    found = sweep.compared("gemma3n", network, tmp_path, (50,), 1)
    assert found.is_right, found
    assert found.note == "Gemma3nForCausalLM"


def test_the_sweep_can_tell(tmp_path):
    """Another network than the one in the folder is found out."""
    network, _ = sweep.build("gpt2")
    sweep.save_model(network, tmp_path, models.resolve("random:tiny"))
    assert sweep.compared("gpt2", network, tmp_path, (50,), 2).is_right
    network.transformer.wpe.weight.data[3] *= 1.1
    assert not sweep.compared("gpt2", network, tmp_path, (50,), 2).is_right
    assert sweep.Found("x", "no").is_right
    assert not sweep.Found("x", "error").is_right
    assert not sweep.Found("x", "yes", nats=float("nan")).is_right
