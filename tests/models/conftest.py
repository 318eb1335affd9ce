import pytest
from tests.gguf_files import N_TOKENS, fields_of, tensors_of, write_gguf_file

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


@pytest.fixture(scope="session")
def write_gguf(llama):
    """Write the tiny Llama as a GGUF file, perhaps under another architecture's name or without some tensors."""
    said = fields_of(llama.config, "llama", vocab_size=N_TOKENS)
    tensors = tensors_of(llama, "llama")

    def write(path, *, architecture="llama", fields=(), without=(), pre=DIGITS_PRE, **how):
        kept = {name: data for name, data in tensors.items() if name not in without}
        return write_gguf_file(path, architecture, said | dict(fields), kept, pre=pre, **how)

    return write
