"""Tiny random networks and byte tokenizers, built in code."""

from types import SimpleNamespace

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from bitsperfact.tables import ModelInfo

BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())


def byte_tokenizer(*, adds_bos: bool = False, merges: tuple[tuple[str, str], ...] = ()):
    """A byte-level BPE with the given merges ("Ġ" is a space), `<s>` as BOS and `</s>` as EOS."""
    words = ["<s>", "</s>", *BYTES, *(a + b for a, b in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={w: i for i, w in enumerate(words)}, merges=list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    if adds_bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", words.index("<s>"))]
        )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


CONFIGS = {
    "llama": lambda v: transformers.LlamaConfig(
        vocab_size=v, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512,
    ),
    "gpt2": lambda v: transformers.GPT2Config(
        vocab_size=v, n_embd=32, n_layer=2, n_head=4, n_positions=512, bos_token_id=0, eos_token_id=1
    ),
    "gpt_neox": lambda v: transformers.GPTNeoXConfig(
        vocab_size=v, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=512,
    ),
    "gemma3": lambda v: transformers.Gemma3TextConfig(
        vocab_size=v, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, sliding_window=8, max_position_embeddings=512,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "gemma2_softcapped": lambda v: transformers.Gemma2Config(
        vocab_size=v, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, sliding_window=8, max_position_embeddings=512,
        final_logit_softcapping=2.0, attn_implementation="eager",
    ),
    "qwen2": lambda v: transformers.Qwen2Config(
        vocab_size=v, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512,
    ),
}  # fmt: skip


def tiny_model(architecture: str = "llama", tokenizer=None, *, seed: int = 0, spread: float = 0.3):
    """A loaded random model; `spread` widens its weights, so that its predictions are far from uniform."""
    tokenizer = tokenizer or byte_tokenizer()
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(CONFIGS[architecture](len(tokenizer))).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2:
                weight.normal_(0.0, spread)
            assert torch.isfinite(weight).all(), name
    info = ModelInfo(f"random:{architecture}", "0", f"{architecture}-{seed}", 1, "float32", architecture)
    return SimpleNamespace(model=model, tokenizer=tokenizer, info=info, device=torch.device("cpu"))
