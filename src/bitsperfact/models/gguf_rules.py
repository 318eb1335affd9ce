"""How each field that a GGUF file states of its architecture is carried into a transformers config.

The fields and their meaning are llama.cpp's (`gguf-py/gguf/constants.py`, `llama-model.cpp: load_hparams`). A
field that is not here is not known, and its file refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bitsperfact.models.gguf_rotation import ROTATION_KEYS


@dataclass(frozen=True)
class Rule:
    """How one field is carried: `names` of the config's field, the first that the config's class has.

    `nothing`: values that say no more than the field's absence would, where the class has none of them. `read`
    turns the value into the config's; with `always`, it matters to no score what the field says.
    """

    names: tuple[str, ...] = ()
    nothing: tuple[Any, ...] = ()
    read: Callable[[Any], Any] = lambda value: value
    always: bool = False


def _or_none(value: float) -> float | None:
    return value or None


_EPSILONS = ("rms_norm_eps", "norm_eps", "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon")
RULES = {
    "context_length": Rule(("max_position_embeddings",), always=True),
    "embedding_length": Rule(("hidden_size",)),
    "block_count": Rule(("num_hidden_layers",)),
    "feed_forward_length": Rule(("intermediate_size", "ffn_hidden_size", "n_inner")),
    "vocab_size": Rule(("vocab_size",)),
    "attention.head_count": Rule(("num_attention_heads",)),
    "attention.head_count_kv": Rule(("num_key_value_heads",)),
    "attention.key_length": Rule(("head_dim",)),
    "attention.value_length": Rule(("head_dim",)),
    "attention.layer_norm_rms_epsilon": Rule(_EPSILONS),
    "attention.layer_norm_epsilon": Rule(_EPSILONS),
    "attention.causal": Rule(nothing=(True,)),
    "attention.clamp_kqv": Rule(nothing=(0.0,)),
    "attention.max_alibi_bias": Rule(nothing=(0.0,)),
    "attention.shared_kv_layers": Rule(nothing=(0,)),
    "attn_logit_softcapping": Rule(("attn_logit_softcapping",), nothing=(0.0,), read=_or_none),
    "final_logit_softcapping": Rule(("final_logit_softcapping",), nothing=(0.0,), read=_or_none),
    "logit_scale": Rule(("logit_scale",), nothing=(0.0, 1.0)),
    "residual_scale": Rule(nothing=(0.0, 1.0)),
    "embedding_scale": Rule(nothing=(0.0, 1.0)),
    "use_parallel_residual": Rule(("use_parallel_residual",)),
    "expert_count": Rule(("num_experts", "num_local_experts"), nothing=(0,)),
    "expert_used_count": Rule(("num_experts_per_tok",), nothing=(0,)),
    "expert_feed_forward_length": Rule(("moe_intermediate_size",), nothing=(0,)),
    "expert_shared_feed_forward_length": Rule(("shared_expert_intermediate_size",), nothing=(0,)),
    "expert_shared_count": Rule(nothing=(0,)),
    "expert_group_count": Rule(nothing=(0, 1)),
    "expert_group_used_count": Rule(nothing=(0, 1)),
    "expert_weights_norm": Rule(("norm_topk_prob",), nothing=(False,)),
    "expert_weights_scale": Rule(nothing=(0.0, 1.0)),
    "expert_gating_func": Rule(nothing=(0, 1)),
    "leading_dense_block_count": Rule(nothing=(0,)),
    "nextn_predict_layers": Rule(nothing=(0,)),
    "ssm.conv_kernel": Rule(("conv_kernel", "linear_conv_kernel_dim")),
    "ssm.state_size": Rule(("state_size", "linear_key_head_dim")),
    "ssm.time_step_rank": Rule(("time_step_rank", "linear_num_value_heads")),
    "ssm.group_count": Rule(("linear_num_key_heads",), nothing=(0, 1)),
    "ssm.dt_b_c_rms": Rule(nothing=(False,)),
    "shortconv.l_cache": Rule(("conv_L_cache",)),
    "pooling_type": Rule(always=True),  # of embeddings, which are read from the model elsewhere
    "tensor_data_layout": Rule(nothing=("Meta AI original pth", "jploski")),  # the layouts assumed without it
}
#: What a field means in one architecture alone.
OWN_RULES = {
    ("falcon", "attention.head_count_kv"): Rule(nothing=(1,)),  # of its layouts, transformers reads this one right
    ("bloom", "attention.max_alibi_bias"): Rule(nothing=(8.0,)),
    ("gemma3", "attn_logit_softcapping"): Rule(nothing=(0.0,)),  # a field of the config that the model ignores
    ("mamba", "feed_forward_length"): Rule(nothing=(0,)),
    ("mamba", "attention.head_count"): Rule(nothing=(0,)),
    ("mamba", "ssm.inner_size"): Rule(("intermediate_size",)),
    ("minimax-m2", "expert_feed_forward_length"): Rule(("intermediate_size",)),
    ("minimax-m2", "expert_gating_func"): Rule(nothing=(2,)),
    ("gpt-oss", "expert_feed_forward_length"): Rule(("intermediate_size",)),
    ("gpt-oss", "expert_gating_func"): Rule(nothing=(3,)),
    ("lfm2", "attention.head_count_kv"): Rule(("num_key_value_heads",), read=max),
    **{(f"qwen35{moe}", "nextn_predict_layers"): Rule(always=True) for moe in ("", "moe")},  # see `drafts_ahead`
    # Parts of a position that text has all alike.
    **{(f"qwen35{moe}", "rope.dimension_sections"): Rule(always=True) for moe in ("", "moe")},
}
#: Read together with others, below.
JOINT = {"attention.sliding_window", "attention.sliding_window_pattern", "attention.scale", *ROTATION_KEYS}
JOINT |= {"full_attention_interval", "ssm.inner_size"}
