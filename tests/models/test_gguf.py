"""What a GGUF file says reaches the model, or the file is refused by the name of what could not."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from tests.gguf_files import N_TOKENS, fields_of, tensors_of, write_gguf_file

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models.gguf_config import read_config
from bitsperfact.models.gguf_header import read_header
from bitsperfact.models.gguf_rotation import Rotation, rotates_as
from bitsperfact.models.gguf_skeleton import check_skeleton

SHAPE = {
    "vocab_size": N_TOKENS,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "tie_word_embeddings": False,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
OLD_SHAPE = {"vocab_size": N_TOKENS, "hidden_size": 64, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
HEAD_32 = {"attention.key_length": 32, "attention.value_length": 32}
SHORT, LONG = ([1.0 + slope * pair for pair in range(8)] for slope in (0.1, 0.5))


@dataclasses.dataclass
class Case:
    """A network as transformers configures it, and what its GGUF file says beyond every converter's fields."""

    architecture: str
    config: Callable
    fields: dict = dataclasses.field(default_factory=dict)
    tensors: dict = dataclasses.field(default_factory=dict)


def _config(kind, shape=SHAPE, **more):
    def make():
        import transformers

        return getattr(transformers, kind)(**shape | more)

    return make


def _llama(**more):
    return _config("LlamaConfig", **more)


def _scaled(kind, factor, **more):
    return {"rope_scaling": {"rope_type": kind, "factor": factor, **more}}


def _divisors(n_dims, base, factor, original):
    """Llama 3.1's division of each frequency (its `apply_scaling`): by nothing, by `factor`, or between."""
    divisors = []
    for pair in range(n_dims // 2):
        wavelength = 2 * np.pi * base ** (2 * pair / n_dims)
        smooth = min(max((original / wavelength - 1) / (4 - 1), 0), 1)
        divisors.append(1 / ((1 - smooth) / factor + smooth))
    return divisors


def _llama3(original, context):
    llama3 = _scaled(
        "llama3", 8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=original
    )
    config = _llama(head_dim=64, rope_theta=500_000.0, max_position_embeddings=context, **llama3)
    heads = {"attention.key_length": 64, "attention.value_length": 64, "rope.dimension_count": 64}
    return Case("llama", config, heads, {"rope_freqs.weight": _divisors(64, 500_000.0, 8.0, original)})


GEMMA = {"tie_word_embeddings": True, "num_hidden_layers": 6, "head_dim": 32, "query_pre_attn_scalar": 32}
YARN = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 1024}
LONG_CONTEXT = {"original_max_position_embeddings": 1024}
EXPERTS = {"expert_count": 4, "expert_used_count": 2, "expert_feed_forward_length": 32}
MOE = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
HALF = {"partial_rotary_factor": 0.5}
CASES = {
    "llama": Case("llama", _llama()),
    "llama, linear": Case(
        "llama", _llama(**_scaled("linear", 4.0)), {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}
    ),
    "llama, linear by the old key": Case("llama", _llama(**_scaled("linear", 4.0)), {"rope.scale_linear": 4.0}),
    "llama, yarn": Case(
        "llama", _llama(**_scaled("yarn", 4.0, **LONG_CONTEXT), max_position_embeddings=4096), YARN
    ),
    "llama, yarn with all it can say": Case(
        "llama",
        _llama(
            **_scaled(
                "yarn",
                4.0,
                **LONG_CONTEXT,
                attention_factor=1.5 * (1 + 0.1 * np.log(4.0)),
                beta_fast=16.0,
                beta_slow=2.0,
            ),
            max_position_embeddings=4096,
        ),
        YARN
        | {"rope.scaling.attn_factor": 1.5, "rope.scaling.yarn_beta_fast": 16.0}
        | {"rope.scaling.yarn_beta_slow": 2.0, "rope.scaling.yarn_ext_factor": 1.0},
    ),
    "llama 3.1": _llama3(original=8192, context=16384),
    "llama 3.1, other lengths": _llama3(original=64, context=128),
    "llama, biases": Case("llama", _llama(attention_bias=True, mlp_bias=True)),
    "llama, wider heads": Case("llama", _llama(head_dim=32), HEAD_32 | {"rope.dimension_count": 32}),
    "llama, all that means nothing": Case(
        "llama",
        _llama(),
        {
            "rope.scaling.type": "none",
            "rope.scaling.factor": 1.0,
            "rope.scaling.finetuned": True,
            "rope.scaling.attn_factor": 1.0,
            "rope.dimension_count": 16,
            "attention.key_length": 16,
            "attention.value_length": 16,
            "attention.causal": True,
            "attention.scale": 0.25,
            "attention.sliding_window": 128,
            "expert_count": 0,
            "expert_used_count": 0,
            "logit_scale": 1.0,
            "pooling_type": 3,
            "tensor_data_layout": "Meta AI original pth",
            "vocab_size": N_TOKENS,
        },
    ),
    "qwen2, yarn": Case(
        "qwen2", _config("Qwen2Config", **_scaled("yarn", 4.0, **LONG_CONTEXT), max_position_embeddings=4096), YARN
    ),
    "qwen3": Case("qwen3", _config("Qwen3Config", head_dim=32), HEAD_32),
    "qwen3, heads as wide as usual": Case("qwen3", _config("Qwen3Config", head_dim=16)),
    "qwen2moe": Case(
        "qwen2moe",
        _config("Qwen2MoeConfig", shared_expert_intermediate_size=48, **MOE),
        EXPERTS | {"expert_shared_feed_forward_length": 48},
    ),
    "qwen3moe": Case(
        "qwen3moe", _config("Qwen3MoeConfig", head_dim=32, norm_topk_prob=True, **MOE), EXPERTS | HEAD_32
    ),
    "gemma2": Case(
        "gemma2",
        _config(
            "Gemma2Config", **GEMMA, sliding_window=16, attn_logit_softcapping=5.0, final_logit_softcapping=4.0
        ),
        HEAD_32
        | {"attention.sliding_window": 16, "attn_logit_softcapping": 5.0, "final_logit_softcapping": 4.0}
        | {"rope.freq_base": None},
    ),
    "gemma3, linear beyond windows": Case(
        "gemma3",
        _config(
            "Gemma3TextConfig",
            **GEMMA | {"query_pre_attn_scalar": 24},
            sliding_window=16,
            final_logit_softcapping=3.0,
            **_scaled("linear", 8.0),
        ),
        HEAD_32
        | {"attention.sliding_window": 16, "final_logit_softcapping": 3.0, "attention.scale": 24**-0.5}
        | {"rope.scaling.type": "linear", "rope.scaling.factor": 8.0},
    ),
    "gemma3, a pattern of windows": Case(
        "gemma3",
        _config(
            "Gemma3TextConfig", **GEMMA, sliding_window=8, layer_types=["full_attention", "sliding_attention"] * 3
        ),
        HEAD_32 | {"attention.sliding_window": 8, "attention.sliding_window_pattern": [False, True] * 3},
    ),
    "gemma3, no windows": Case(
        "gemma3", _config("Gemma3TextConfig", **GEMMA, layer_types=["full_attention"] * 6), HEAD_32
    ),
    "stablelm": Case(
        "stablelm",
        _config("StableLmConfig", **HALF, use_qkv_bias=True, rope_theta=5000.0),
        {"rope.dimension_count": 8, "use_parallel_residual": False},
    ),
    "stablelm, parallel": Case(
        "stablelm",
        _config("StableLmConfig", partial_rotary_factor=0.25, use_parallel_residual=True),
        {"rope.dimension_count": 4, "use_parallel_residual": True},
    ),
    "phi3": Case(
        "phi3",
        _config("Phi3Config", **HALF, sliding_window=16, original_max_position_embeddings=128),
        {"rope.dimension_count": 8, "attention.sliding_window": 16},
    ),
    "phi3, longrope": Case(
        "phi3",
        _config(
            "Phi3Config",
            original_max_position_embeddings=32,
            **_scaled("longrope", 4.0, short_factor=SHORT, long_factor=LONG, attention_factor=1.25),
        ),
        {"rope.scaling.type": "longrope", "rope.scaling.attn_factor": 1.25}
        | {"rope.scaling.original_context_length": 32, "attention.sliding_window": 0},
        {"rope_factors_short.weight": SHORT, "rope_factors_long.weight": LONG},
    ),
    "nemotron": Case("nemotron", _config("NemotronConfig", **HALF, norm_eps=1e-3), {"rope.dimension_count": 8}),
    "starcoder2": Case("starcoder2", _config("Starcoder2Config", rope_theta=123_456.0)),
    "falcon": Case(
        "falcon",
        _config(
            "FalconConfig", OLD_SHAPE, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=128
        ),
        {"attention.head_count_kv": 1},
    ),
    "gpt2": Case("gpt2", _config("GPT2Config", OLD_SHAPE, n_layer=2, n_head=4, n_positions=128)),
    "bloom": Case(
        "bloom", _config("BloomConfig", OLD_SHAPE, n_layer=2, n_head=4), {"attention.max_alibi_bias": 8.0}
    ),
    "bloom, an output of its own": Case(
        "bloom", _config("BloomConfig", OLD_SHAPE, n_layer=2, n_head=4, tie_word_embeddings=False)
    ),
    "mamba": Case(
        "mamba",
        _config("MambaConfig", OLD_SHAPE, num_hidden_layers=2, state_size=8, time_step_rank=4),
        {"context_length": 1024, "feed_forward_length": 0, "attention.head_count": 0}
        | {"ssm.conv_kernel": 4, "ssm.inner_size": 128, "ssm.state_size": 8, "ssm.time_step_rank": 4}
        | {"ssm.dt_b_c_rms": False},
    ),
    "lfm2": Case(
        "lfm2",
        _config(
            "Lfm2Config", layer_types=["conv", "full_attention"], block_auto_adjust_ff_dim=False, conv_L_cache=3
        ),
        {"attention.head_count_kv": [0, 2], "shortconv.l_cache": 3},
    ),
}


def _network(case):
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(case.config()).eval()
    with torch.no_grad():
        for parameter in network.parameters():  # norms and biases too, which begin as ones and zeros
            parameter += 0.05 * torch.randn_like(parameter)
    return network


def _write(path, case, network, fields=(), tensors=()):
    said = fields_of(network.config, case.architecture, **case.fields | {"tokenizer.ggml.padding_token_id": 0})
    arrays = {name: np.asarray(values, np.float32) for name, values in (case.tensors | dict(tensors)).items()}
    return write_gguf_file(
        path, case.architecture, said | dict(fields), tensors_of(network, case.architecture) | arrays
    )


def _check(path):
    header = read_header(path)
    check_skeleton(header, read_config(header)[0])


@pytest.fixture(scope="module")
def networks():
    return {}


@pytest.mark.parametrize("name", CASES)
def test_the_converted_model_computes_what_the_original_does(name, tmp_path, networks):
    import torch

    network = networks[name] = _network(CASES[name])
    loaded = models.load(str(_write(tmp_path / "whole.gguf", CASES[name], network))).model
    ids = torch.randint(1, N_TOKENS - 1, (2, 60), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(loaded(ids).logits, network(ids).logits, rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", CASES)
def test_nothing_unknown_is_passed_over(name, tmp_path, networks):
    case, network = CASES[name], networks.get(name) or _network(CASES[name])
    with pytest.raises(BadInput, match=rf"{case.architecture}\.attention\.twist = 3$") as caught:
        models.resolve(str(_write(tmp_path / "key.gguf", case, network, {"attention.twist": 3})))
    assert "key.gguf" in str(caught.value)
    extra = {"blk.1.attn_twist.weight": np.ones((64, 64))}
    with pytest.raises(BadInput, match=r"got blk\.1\.attn_twist\.weight, which has none$") as caught:
        models.resolve(str(_write(tmp_path / "tensor.gguf", case, network, tensors=extra)))
    assert "tensor.gguf" in str(caught.value)


REFUSED = [
    ("llama", {"rope.dimension_count": 8}),
    ("llama", {"attention.sliding_window": 16}),
    ("llama", {"attention.head_count_kv": [2, 4]}),
    ("llama", {"attention.value_length": 8}),
    ("llama", {"attention.causal": False}),
    ("llama", {"attention.scale": 0.3}),
    ("llama", {"attn_logit_softcapping": 50.0}),
    ("llama", {"embedding_scale": 12.0}),
    ("llama", {"residual_scale": 0.5}),
    ("llama", {"logit_scale": 0.0625}),
    ("llama", {"expert_count": 4}),
    ("llama", {"rope.scaling.type": "dynamic"}),
    ("llama", {"rope.scaling.type": "longrope"}),
    ("llama", {"rope.freq_base_swa": 5000.0}),
    ("llama", {"rope.dimension_sections": [4, 4, 0, 0]}),
    ("llama, yarn", {"rope.scaling.yarn_ext_factor": 0.5}),
    ("llama, yarn", {"rope.scaling.yarn_attn_factor": 1.0}),
    ("llama, yarn", {"rope.scaling.yarn_log_multiplier": 0.1}),
    ("qwen2, yarn", {"attention.sliding_window": 16}),
    ("qwen3moe", {"expert_gating_func": 2}),
    ("qwen3moe", {"expert_weights_scale": 2.5}),
    ("gemma3, no windows", {"attn_logit_softcapping": 50.0}),
    ("falcon", {"attention.head_count_kv": 2}),
    ("gpt2", {"rope.freq_base": 10_000.0}),
    ("bloom", {"attention.max_alibi_bias": 4.0}),
    ("bloom", {"feed_forward_length": 128}),
    ("mamba", {"ssm.dt_b_c_rms": True}),
]


@pytest.mark.parametrize(
    ("name", "fields"), REFUSED, ids=lambda part: part if isinstance(part, str) else "".join(part)
)
def test_a_known_field_that_cannot_be_carried_is_refused_by_name(name, fields, tmp_path, networks):
    network = networks.setdefault(name, networks.get(name) or _network(CASES[name]))
    _check(_write(tmp_path / "whole.gguf", CASES[name], network))
    path = _write(tmp_path / "odd.gguf", CASES[name], network, fields)
    with pytest.raises(BadInput, match=rf"odd\.gguf: .*, got {CASES[name].architecture}\.{next(iter(fields))} = "):
        _check(path)


def test_a_tensor_of_another_size_is_refused_by_name(tmp_path, networks):
    network = networks.get("llama") or _network(CASES["llama"])
    path = _write(tmp_path / "wide.gguf", CASES["llama"], network, {"attention.key_length": 32})
    with pytest.raises(
        BadInput, match=r"wide\.gguf: .*q_proj\.weight, which has 8192 \(blk\.0\.attn_q\.weight\)$"
    ):
        models.resolve(str(path))


def test_yarn_in_an_architecture_that_takes_it_for_another_is_refused(tmp_path):
    case = CASES["phi3"]
    path = _write(tmp_path / "yarn.gguf", case, _network(case), YARN)
    with pytest.raises(BadInput, match=r"yarn\.gguf: "):
        _check(path)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"general.type": "adapter"}, "general.type model, got adapter"),
        ({"split.count": 3}, "in one piece .*, got split.count = 3"),
        ({"adapter.lora.alpha": 16.0}, "got the field adapter.lora.alpha"),
    ],
)
def test_what_is_no_whole_model_is_refused(fields, said, tmp_path, networks):
    network = networks.get("llama") or _network(CASES["llama"])
    with pytest.raises(BadInput, match=said):
        read_header(_write(tmp_path / "part.gguf", CASES["llama"], network, fields))


def test_llama3_is_told_by_its_divisors(tmp_path):
    for name, kind in {"llama 3.1": "llama3", "llama 3.1, other lengths": "longrope"}.items():
        header = read_header(_write(tmp_path / "three.gguf", CASES[name], _network(CASES[name])))
        rope = read_config(header)[0].rope_parameters
        assert rope["rope_type"] == kind
    assert rope["short_factor"] == rope["long_factor"] == header.rotation["rope_freqs.weight"]


@pytest.mark.parametrize(("n_layers", "scalar"), [(6, 32), (46, 64 // 4)])
def test_the_size_of_gemma_that_scales_by_its_width(tmp_path, networks, n_layers, scalar):
    # No field tells Gemma 2 27B's scale (hidden size over heads); llama.cpp knows the model by its layers, too.
    network = networks.get("gemma2") or _network(CASES["gemma2"])
    path = _write(tmp_path / "deep.gguf", CASES["gemma2"], network, {"block_count": n_layers})
    assert read_config(read_header(path))[0].query_pre_attn_scalar == scalar


def test_another_rotation_is_noticed():
    stated = Rotation(n_dims=16, base=10_000.0, factor=2.0)
    frequencies = 10_000.0 ** (-np.arange(0, 16, 2) / 16) / 2.0
    assert rotates_as(stated, frequencies, 1.0)
    assert not rotates_as(stated, frequencies * 1.001, 1.0)
    assert not rotates_as(stated, frequencies[:4], 1.0)
    assert not rotates_as(stated, frequencies, 1.1)
