from pathlib import Path

import numpy as np
import pytest

DIGITS_PRE = "smollm"


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(request, monkeypatch, shared_cache):
    """One cache for the test run, apart from the user's; only the real weights live in the latter."""
    if request.node.get_closest_marker("weights") is None:
        monkeypatch.setenv("BITSPERFACT_CACHE", str(shared_cache))
    return shared_cache


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BITSPERFACT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def llama():
    """A tiny Llama with grouped heads and an untied output, whose weights a GGUF will carry."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=264,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        tie_word_embeddings=False,
    )
    return LlamaForCausalLM(config).eval()


_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def gguf_name(name):
    name = name.replace("model.layers.", "blk.")
    for ours, theirs in _NAMES.items():
        name = name.replace(ours, theirs)
    return name


def _interleave(weight, heads):
    """llama.cpp rotates neighbouring rows, transformers the two halves of a head: its converter's reordering."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


@pytest.fixture(scope="session")
def write_gguf(llama):
    """Write the tiny Llama as a GGUF file; fields can be replaced, or left out with None."""
    from gguf import GGMLQuantizationType, GGUFWriter, quantize
    from tokenizers.pre_tokenizers import ByteLevel

    def write(path: Path, *, architecture="llama", quantised=False, pre=DIGITS_PRE, add_bos=None, rename=None):
        writer = GGUFWriter(path, architecture)
        writer.add_context_length(128)
        writer.add_embedding_length(64)
        writer.add_block_count(2)
        writer.add_feed_forward_length(96)
        writer.add_head_count(4)
        writer.add_head_count_kv(2)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(10000.0)
        writer.add_vocab_size(264)
        merges = ["t h", "th e", "Ġ the", "Ġ Ġ", "1 2", "Ġ 1"]
        tokens = ["<|end|>", *sorted(ByteLevel.alphabet()), *("".join(m.split()) for m in merges), "<|pad|>"]
        writer.add_tokenizer_model("gpt2")
        if pre is not None:
            writer.add_tokenizer_pre(pre)
        writer.add_token_list(tokens)
        writer.add_token_types([3, *[1] * (len(tokens) - 2), 3])
        writer.add_token_merges(merges)
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(0)
        if add_bos is not None:
            writer.add_add_bos_token(add_bos)
        for name, weight in llama.state_dict().items():
            data = weight.numpy().astype(np.float32)
            if "q_proj" in name or "k_proj" in name:
                data = _interleave(data, 4 if "q_proj" in name else 2)
            called = gguf_name(name)
            if rename:
                called = rename.get(called, called)
            kind = GGMLQuantizationType.Q8_0 if quantised and data.ndim == 2 else None
            writer.add_tensor(called, quantize(data, kind) if kind else data, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return write
