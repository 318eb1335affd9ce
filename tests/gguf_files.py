"""GGUF files of tiny random networks, written as llama.cpp's converter writes them: names, layouts and fields."""

import numpy as np

MERGES = ["t h", "th e", "Ġ the", "Ġ Ġ", "1 2", "Ġ 1"]
N_TOKENS = 264


def write_gguf_file(
    path, architecture, fields, tensors, *, pre="smollm", add_bos=None, quantised=False, sentencepiece=False
):
    """Write `fields` (named without the architecture, which `general.` and other prefixes keep) and arrays."""
    from gguf import GGMLQuantizationType, GGUFWriter, quantize

    writer = GGUFWriter(path, architecture)
    for key, value in fields.items():
        whole = (
            key if key.startswith(("general.", "split.", "adapter.", "tokenizer.")) else f"{architecture}.{key}"
        )
        _add(writer, whole, value)
    (_add_sentencepiece if sentencepiece else _add_byte_level)(writer, pre)
    if add_bos is not None:
        writer.add_add_bos_token(add_bos)
    for name, data in tensors.items():
        kind = GGMLQuantizationType.Q8_0 if quantised and data.ndim == 2 else None
        writer.add_tensor(name, quantize(data, kind) if kind else data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_byte_level(writer, pre):
    from tokenizers.pre_tokenizers import ByteLevel

    tokens = ["<|end|>", *sorted(ByteLevel.alphabet()), *("".join(m.split()) for m in MERGES), "<|pad|>"]
    assert len(tokens) == N_TOKENS
    writer.add_tokenizer_model("gpt2")
    if pre is not None:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3, *[1] * (len(tokens) - 2), 3])
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)


def _add_sentencepiece(writer, pre):
    """A vocabulary with byte tokens, as Llama 2's; ▁ stands for a space."""
    pieces = ["▁", "t", "h", "▁t", "th"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]
    assert len(tokens) == N_TOKENS
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 259 + [-float(rank) for rank in range(len(pieces))])
    writer.add_token_types([2, 3, 3, *[6] * 256, *[1] * len(pieces)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def _add(writer, key, value):
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, list(value))


_EPSILONS = {
    "rms_norm_eps": "rms_",
    "layer_norm_eps": "",
    "norm_epsilon": "",
    "layer_norm_epsilon": "",
    "norm_eps": "",
}


def fields_of(config, architecture, **more):
    """Return the fields that every converter writes, from a config; `more` adds and, with None, drops."""
    heads = getattr(config, "num_attention_heads", None)
    fields = {
        "context_length": getattr(config, "max_position_embeddings", None),
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
        "attention.head_count": heads,
        "attention.head_count_kv": getattr(config, "num_key_value_heads", None) or heads,
    }
    rope = getattr(config, "rope_parameters", None)
    if rope:
        fields["rope.freq_base"] = float(rope.get("full_attention", rope)["rope_theta"])
    name = next(name for name in _EPSILONS if hasattr(config, name))
    kind = "rms_" if architecture in ("lfm2", "mamba") else _EPSILONS[name]
    fields[f"attention.layer_norm_{kind}epsilon"] = float(getattr(config, name))
    fields |= {key.replace("__", "."): value for key, value in more.items()}
    return {key: value for key, value in fields.items() if value is not None}


def tensors_of(model, architecture):
    """Return a network's weights under llama.cpp's names, in its layout."""
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map

    config = model.config
    number = next(number for number, name in MODEL_ARCH_NAMES.items() if name == architecture)
    names, tensors = get_tensor_name_map(number, config.num_hidden_layers), {}
    tied = getattr(model, "_tied_weights_keys", None) or {}
    for name, weight in model.state_dict().items():
        if config.tie_word_embeddings and name in tied:
            continue
        data = weight.numpy().astype(np.float32)
        for place, part in _parts(name, data):
            spelled = (place, place.removeprefix("transformer."))  # Bloom's converter drops the beginning
            called = next(filter(None, (names.get_name(each, (".weight", ".bias")) for each in spelled)), None)
            assert called, place
            tensors[called] = _laid_out(architecture, called, part, config)
    return tensors


def _parts(name, data):
    if name.endswith("experts.gate_up_proj"):
        stem = name.removesuffix("gate_up_proj")
        gate, up = np.split(data, 2, axis=1)
        return [(f"{stem}gate_proj.weight", gate), (f"{stem}up_proj.weight", up)]
    return [(f"{name}.weight" if name.endswith("experts.down_proj") else name, data)]


def _laid_out(architecture, name, data, config):
    if architecture == "llama" and ("attn_q." in name or "attn_k." in name):
        # llama.cpp rotates neighbouring rows, transformers the two halves of a head.
        heads = config.num_attention_heads if "attn_q." in name else config.num_key_value_heads
        return data.reshape(heads, 2, -1, *data.shape[1:]).swapaxes(1, 2).reshape(data.shape)
    if architecture in ("gemma2", "gemma3", "nemotron") and name.endswith("norm.weight"):
        return data + 1
    if architecture == "gpt2" and data.ndim == 2 and name.startswith("blk."):
        return np.ascontiguousarray(data.T)
    if architecture == "bloom" and "attn_qkv" in name:
        split = data.reshape(config.n_head, 3, config.hidden_size // config.n_head, *data.shape[1:])
        return np.ascontiguousarray(split.swapaxes(0, 1)).reshape(data.shape)
    if name.endswith("ssm_a"):
        return -np.exp(data)
    if name.endswith(("ssm_conv1d.weight", "shortconv.conv.weight")):
        return data.squeeze(1)
    return data.squeeze(0) if "ffn_gate_inp_shexp" in name else data
