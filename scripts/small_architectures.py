"""Small models of every architecture: a type's own default config with each size made small, seeded weights.

Sizes are known by their fields' names, which the configs of transformers mostly share; `FIXES` has what is left.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEADS, LAYERS, EXPERTS, WINDOW, LENGTH = 32, 4, 4, 8, 8, 512
#: Rows of the embedding: the byte tokenizer's 258 tokens, and room for the ids that stand for images and sound.
ROWS = 288
_MEDIA = re.compile(r"(image|video|audio|vision|speech|boi|eoi|boa|eoa|img|ph)\w*_token\w*_?(id|index)?s?$")

#: Field name (a pattern, the whole name) -> size. The first that matches counts; a size of 0 stays 0.
SIZES: list[tuple[str, int]] = [
    (r"(unpadded_|decoder_)?vocab_size(_per_layer_input)?", ROWS),
    (r"(num_)?(hidden_|decoder_|encoder_)?layers|n_layers?|num_blocks|depth|num_(de|en)coder_layers", LAYERS),
    (r"(hidden|embedding|model|attention_hidden|lru)_(size|dim|width)|d_model|n_embd|emb_dim|embed_dim", WIDTH),
    (r"(in|out)put_embedding_size|word_embed_proj_dim|(backbone_|text_|out_)hidden_size|projection_dim", WIDTH),
    (r"adapter_in_dim|adapter_input_size|codebook_dim", WIDTH),
    (r"hidden_size_per_layer_input|laurel_rank|\w+_lora_rank|\w*_rank|adapter_rank|time_step_rank", 8),
    (r"num_(de|en)coder_attention_heads|(\w+_)?(num_)?attention_heads|n_heads?|num_heads", HEADS),
    (r"linear_num_value_heads|linear_num_heads", HEADS),
    (r"linear_num_key_heads", 2),
    (r"index_n_heads", 32),  # of few heads, whose scores are rectified, keys would tie at 0
    (r"(swa_|index_|global_|linear_|linear_key_|linear_value_)?head_dim|kv_channels|d_head|dim_head", 8),
    (r"v_head_dim|qk_nope_head_dim", 8),
    (r"qk_rope_head_dim", 4),
    (r"(expert_|moe_|shared_)\w*(intermediate|ffn_hidden)_size|router_hidden_size", 16),
    (r"\w*intermediate_size(_mlp)?|\w*ffn_dim|d_inner|dff|dim_ff|feed_forward_size|ffn_hidden_size|mlp_dim", 48),
    (r"(moe_)?num_(local_)?experts|n_routed_experts", EXPERTS),
    (r"(mamba_)?(ssm_)?(d_)?state(_size)?|mamba_dt_rank", 8),
    (r"mamba_n_heads|mamba_num_heads|n_mamba_heads", 8),
    (r"mamba_d_head|mamba_head_dim|mamba_headdim", 8),
    (r"mamba_d_ssm", 64),
    (r"(mamba_)?chunk_size|attention_chunk_size|block_size|index_topk|index_block_size", 8),
    (r"\w*sliding_window(_size)?|attention_window_size|local_attention|window_size", WINDOW),
    (r"max_position_embeddings|n_positions|n_ctx|max_seq_len|context_length|model_max_length", LENGTH),
    (r"max_(source|target)_positions", LENGTH),
    (r"image_size", 16),
]  # fmt: skip
#: At most so much of what is counted, where a type has more.
CAPS: list[tuple[str, int]] = [
    (r"num_experts_per_tok(en)?|moe_topk|moe_k|topk_group|n_groups?|num_expert_group|mamba_n_?groups", 2),
    (r"(moe_num_|n_|num_)shared_experts|first_k_dense_replace|num_dense_layers|num_kv_shared_layers", 1),
    (r"num_nextn_predict_layers", 0),
    (r"index_kpool", 4),
]
#: What the names do not say, by type; "text_config" and the like are fields of their own.
_ROPE = {"rope_type": "default", "rope_theta": 10000.0}
_SECTIONS = {"rope_parameters": _ROPE | {"mrope_section": [2, 1, 1]}}
FIXES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("qwen2_vl_text", "qwen2_5_vl_text", "glm4v_text", "glm_ocr_text"), _SECTIONS),
    **dict.fromkeys(("paddleocr_vl_text", "qwen2_5_omni_text", "hunyuan_vl_text"), _SECTIONS),
    "bamba": {"attn_layer_indices": [1, 3]},
    "blt": {"encoder_hash_byte_group_vocab": 64},
    "codegen": {"rotary_dim": 4},
    "cohere_compass_text": {"rope_parameters": {"full_attention": _ROPE}},
    "deepseek_v2": {"num_experts_per_tok": 2},
    "dots1": {"n_routed_experts": EXPERTS, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "dbrx": {"attn_config": {"rope_theta": 10000.0, "kv_n_heads": 2, "clip_qkv": 8.0}},
    "dory": {"n_input_layers": 1, "n_recurrent_layers": 2, "n_output_layers": 1},
    "granitemoehybrid": {"layer_types": ["linear_attention", "full_attention"] * 2},
    "glm4v_moe_text": {
        "rope_parameters": _ROPE | {"partial_rotary_factor": 0.5, "mrope_section": [0, 1, 1]},
    },
    "gptj": {"rotary_dim": 4},
    "hunyuan_v1_dense": {"head_dim": 8},
    "hunyuan_v1_moe": {"head_dim": 8},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 0},
    "lfm2_moe": {"layer_types": ["conv", "full_attention", "conv", "full_attention"]},
    "mamba2": {"num_heads": 8},
    "ministral": {"head_dim": 8},
    "nemotron": {"num_key_value_heads": 2},
    "reformer": {"axial_pos_shape": [16, 32], "axial_pos_embds_dim": [16, 16]},
    "qwen4_exp_text": {
        "indexer_n_heads": 32,
        "indexer_kv_heads": 1,
        "indexer_head_dim": 8,
        "indexer_budget": 16,
        "indexer_compress_ratio": 4,
    },
    "xmod": {"default_language": "en_XX"},
    "zamba": {"attention_hidden_size": 2 * WIDTH, "attention_head_dim": 16},
    "zamba2": {"attention_hidden_size": 2 * WIDTH, "attention_head_dim": 16},
    # As published configs have it.
    **{kind: {"vision_start_token_id": 270} for kind in ("qwen2_5_omni_thinker", "qwen3_omni_moe_thinker")},
    "roc_bert": {"shape_vocab_size": ROWS, "pronunciation_vocab_size": ROWS},
}


def small_config(config: Any) -> Any:
    """Return a config of the same class with small sizes; `config`: an instance with the type's defaults."""
    kind = getattr(config, "model_type", "")
    changed: dict[str, Any] = {}
    plain = config.to_dict()
    old_layers = getattr(config, "num_hidden_layers", None)
    for name, value in plain.items():
        if isinstance(value, dict) and hasattr(getattr(config, name, None), "to_dict"):
            changed[name] = small_config(getattr(config, name))
        elif (new := _small(name, value, old_layers)) is not None and new != value:
            changed[name] = new
    changed |= _few_key_heads(plain)
    if isinstance(plain.get("per_layer_config"), dict) and plain["per_layer_config"]:
        changed["per_layer_config"] = _few_layer_configs(plain, changed)
    if "is_decoder" in plain:
        changed["is_decoder"] = True
    if "qk_rope_head_dim" in plain:  # a head has a part that turns and one that does not
        changed |= {"head_dim": 4} if plain.get("head_dim") == plain["qk_rope_head_dim"] else {}
        changed |= {"qk_head_dim": 12} if plain.get("qk_head_dim") else {}
    changed |= FIXES.get(kind, {})
    return type(config)(**{name: value for name, value in changed.items() if value is not ...})


def _small(name: str, value: Any, old_layers: int | None) -> Any:
    """The small value of one field; None where it stays."""
    if isinstance(value, bool) or value is None:
        return None
    if name.endswith(("token_id", "token_index", "token_ids")) and not isinstance(value, dict):
        return (
            [_token(name)] * len(value) if name.endswith("s") and isinstance(value, list | tuple) else _token(name)
        )
    if name == "rope_parameters":
        return _few_sections(value)
    if isinstance(value, list | tuple) and old_layers and len(value) == old_layers:
        return _few_layers(name, list(value))
    if not isinstance(value, int):
        return None
    for pattern, size in SIZES:
        if re.fullmatch(pattern, name):
            return size if value > 0 else None
    for pattern, most in CAPS:
        if re.fullmatch(pattern, name):
            return min(value, most)
    return None


def _token(name: str) -> int:
    if re.match(r"(decoder_start|bos|cls)", name):
        return 0
    if re.match(r"(forced_eos|eos|eod|sep)", name):
        return 1
    if re.match(r"pad", name):
        return ROWS - 1
    return 260 + sum(name.encode()) % 26  # of no text


def _few_sections(rope: dict[str, Any]) -> dict[str, Any]:
    """Rotations of time, height and width within a head of 8."""
    if "mrope_section" in rope:
        pairs = int(8 * rope.get("partial_rotary_factor", 1.0)) // 2
        each = max(1, pairs // 4)
        return rope | {"mrope_section": [pairs - 2 * each, each, each]}
    return {name: _few_sections(value) if isinstance(value, dict) else value for name, value in rope.items()}


def _few_layers(name: str, value: list[Any]) -> list[Any]:
    """One of each kind in the order of their first layers, in turn; of two kinds of MLP more of the second."""
    kinds = list(dict.fromkeys(map(str, value)))
    firsts = [next(v for v in value if str(v) == kind) for kind in kinds]
    firsts = [v if (small := _small(name, v, None)) is None else small for v in firsts]
    if name.startswith("mlp"):
        return (firsts + [firsts[-1]] * LAYERS)[:LAYERS]
    return (firsts * LAYERS)[: max(LAYERS, len(firsts))]


def _few_layer_configs(plain: dict[str, Any], changed: dict[str, Any]) -> dict[int, dict[str, int]]:
    """What the layers of a kind have of their own, in the same proportion to what the others have."""
    first, own = min((int(layer), each) for layer, each in plain["per_layer_config"].items())
    few = {name: max(1, changed.get(name, plain[name]) * value // plain[name]) for name, value in own.items()}
    kind = plain["layer_types"][first]
    return {layer: few for layer, each in enumerate(changed["layer_types"]) if each == kind}


def _few_key_heads(plain: dict[str, Any]) -> dict[str, int]:
    found = {}
    for name in ("num_key_value_heads", "num_kv_heads", "swa_num_key_value_heads", "num_query_groups"):
        value = plain.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            heads = plain.get("num_attention_heads") or value
            found[name] = 1 if value == 1 else HEADS if value == heads else 2
    return found


def seed_weights(model: Any, seed: int) -> None:
    """Replace weights by random ones that keep a network's signals alive and its predictions far from uniform.

    Vectors (norms, biases, decays) stay near what the class starts them at, matrices get a spread of their own.
    """
    import torch

    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            noise = torch.from_numpy(rng.standard_normal(tuple(weight.shape), dtype=np.float32))
            if not weight.is_floating_point():
                continue
            if weight.numel() <= max(weight.shape, default=1):
                weight.add_(0.1 * noise)
            else:
                weight.copy_(0.15 * noise)


def save_model(model: Any, folder: Path, tokenizer_of: Path) -> None:
    """Write a model as a user's folder has it, with the tokenizer of another folder."""
    import shutil

    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer_of / name, folder / name)


def types() -> dict[str, list[str]]:
    """Return every type that may have a causal text model -> the auto classes that build it, whole first."""
    from transformers.models.auto import modeling_auto as auto

    found: dict[str, list[str]] = {}
    for name, kinds in (
        ("AutoModelForMultimodalLM", auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES),
        ("AutoModelForCausalLM", auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    ):
        for kind in kinds:
            found.setdefault(kind, []).append(name)
    return {kind: found[kind] for kind in [*auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, *found]}


def build(kind: str) -> tuple[Any, Any]:
    """Return the small network of a type, in evaluation mode, and what of it reads plain text.

    The two are the same but where a wrapper wants an image: then its language model is asked. Raises whatever
    transformers does.
    """
    import torch
    import transformers

    torch.manual_seed(0)
    config = small_config(transformers.AutoConfig.for_model(kind))
    failure: Exception | None = None
    for auto in types()[kind]:
        try:
            model = getattr(transformers, auto).from_config(config, dtype=torch.float32).eval()
            seed_weights(model, seed=1)
            inner = getattr(model, "language_model", None) or getattr(model, "text_model", None)
            for reads in (model, inner):
                if reads is not None and _reads(reads):
                    return model, reads
            model(input_ids=torch.tensor([[5, 6, 7]]))
        except Exception as error:
            failure = failure or error
    assert failure is not None
    raise failure


def _reads(model: Any) -> bool:
    """Whether a network makes logits of text alone."""
    import torch

    try:
        with torch.no_grad():
            return model(input_ids=torch.tensor([[5, 6, 7]])).logits.ndim == 3
    except Exception:
        return False
