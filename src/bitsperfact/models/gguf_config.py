"""The config that a GGUF file states: every field of its architecture is carried over, or the file is refused.

transformers reads the fields that it knows, passes over the others, and leaves its own defaults where it has read
nothing. So each field has a rule (`gguf_rules.py`), and what the rules say is compared with what the finished
config holds.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from huggingface_hub.errors import StrictDataclassError

from bitsperfact.errors import BadInput
from bitsperfact.models.gguf_header import Header
from bitsperfact.models.gguf_rotation import ROTATION_KEYS, read_rotation
from bitsperfact.models.gguf_rules import JOINT, OWN_RULES, RULES, Rule

#: What transformers raises for a file or config that it cannot make sense of.
CONFUSED: tuple[type[Exception], ...] = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
CONFUSED += (RuntimeError, AssertionError, StrictDataclassError)
_PATTERN = "attention.sliding_window_pattern"
#: Layers without a window in every so many, where the file does not say; their windows, where it names none.
_PATTERNS = {"gemma2": 2, "gemma3": 6, "gpt-oss": 2}
_WINDOWS = {"gemma2": 4096, "gpt-oss": 128}
#: Config's fields that only the presence of tensors states.
_BIASES = {"attention_bias": "attn_q.bias", "mlp_bias": "ffn_up.bias", "use_bias": "attn_q.bias"}
#: The one size of each Gemma, by its number of layers, that scales by hidden size over heads, not by head size.
_SCALED_BY_WIDTH = {("gemma2", 46), ("gemma3", 62)}

#: One statement of a file: the config's field, the key that it comes from, and its value.
Statement = tuple[str, str, Any]


def read_config(header: Header) -> tuple[Any, list[Statement]]:
    """Return the transformers config that holds all that a GGUF file states of its architecture, and what that is.

    Raises BadInput, naming the first key that cannot be carried over exactly.
    """
    try:
        return _read_config(header)
    except BadInput:
        raise
    except CONFUSED as error:
        raise BadInput(header.path, "a GGUF file that transformers can read", error) from None


def _read_config(header: Header) -> tuple[Any, list[Statement]]:
    from transformers import AutoConfig

    _check_known(header)
    config = AutoConfig.from_pretrained(header.path.parent, gguf_file=header.path.name)
    statements = list(_statements(header, config))
    for name, key, value in statements:
        if not _same(getattr(config, name, None), value):
            try:
                setattr(config, name, value)
            except CONFUSED:
                raise _uncarried(header, config, key) from None
    check_carried(header, type(config).from_dict(json.loads(config.to_json_string())), statements)
    return config, statements


def _check_known(header: Header) -> None:
    for key, value in header.metadata.items():
        own = (header.architecture, key) in OWN_RULES
        if not (own or key in RULES or key in JOINT):
            raise header.refuse(key, "a GGUF file whose every field is known here")
        if isinstance(value, list) and not own and key != _PATTERN:
            raise header.refuse(key, "one value for all layers")


def check_carried(header: Header, config: Any, statements: list[Statement]) -> None:
    """Raise BadInput, naming the key, where a config does not hold what the file states."""
    for name, key, value in statements:
        if not _same(getattr(config, name, None), value):
            raise _uncarried(header, config, key)


def drafts_ahead(header: Header, tensor: str) -> bool:
    """Return whether a tensor belongs to blocks that only guess tokens after the next: no score reads them."""
    ahead = int(header.metadata.get("nextn_predict_layers", 0))
    first = int(header.metadata.get("block_count", 0)) - ahead
    return any(tensor.startswith(f"blk.{first + block}.") for block in range(ahead))


def _uncarried(header: Header, config: Any, key: str) -> BadInput:
    return header.refuse(key, f"fields that transformers' {type(config).__name__} can hold")


def _same(held: Any, stated: Any) -> bool:
    """Return whether a config's value is the stated one; it may hold more entries than a stated dictionary."""
    if isinstance(stated, dict):
        return isinstance(held, dict) and all(_same(held.get(key), value) for key, value in stated.items())
    if isinstance(stated, float) and isinstance(held, float | int):
        return math.isclose(held, stated, rel_tol=1e-6)
    return bool(held == stated)


def _statements(header: Header, config: Any) -> Iterator[Statement]:
    """Yield what a file states, field by field, then what several fields or their absence state together."""
    has = _fields_of(config)
    for key, value in header.metadata.items():
        if (rule := OWN_RULES.get((header.architecture, key), RULES.get(key))) is not None:
            yield from _stated_alone(header, config, has, key, value, rule)
    if "head_dim" in has and "attention.key_length" not in header.metadata:
        yield "head_dim", "attention.head_count", _head_dim(header, config)
    yield "tie_word_embeddings", "output.weight", "output.weight" not in header.tensors
    for name, tensor in _BIASES.items():
        if name in has:
            yield name, tensor, f"blk.0.{tensor}" in header.tensors
    yield from _attention_scale(header, config, has)
    yield from _windows(header, config, has)
    yield from _linear_attention(header, config, has)
    yield from _rotations(header, config, has)


def _fields_of(config: Any) -> set[str]:
    """Return the names of fields that the config's class knows, whatever this one has been given besides."""
    plain = type(config)()
    return {*plain.to_dict(), *(new for new, own in plain.attribute_map.items() if hasattr(plain, own))}


def _stated_alone(
    header: Header, config: Any, has: set[str], key: str, value: Any, rule: Rule
) -> Iterator[Statement]:
    if key == "block_count":
        value -= int(header.metadata.get("nextn_predict_layers", 0))
    for name in rule.names:
        if name in has:
            yield name, key, rule.read(value)
            return
    if rule.always or value in rule.nothing or _implied(header, config, key, value):
        return
    if "head_dim" not in rule.names or not getattr(config, "rope_parameters", None):
        raise _uncarried(header, config, key)
    yield (
        "head_dim",
        key,
        value,
    )  # whatever its config's class: the rotation and the weights' sizes show if it is read


def _implied(header: Header, config: Any, key: str, value: Any) -> bool:
    """Return whether a field repeats what follows from others, so that a config needs no room for it."""
    fields = header.metadata
    if key in ("attention.key_length", "attention.value_length"):
        return bool(value == fields["embedding_length"] / fields["attention.head_count"])
    if key == "attention.head_count_kv":
        return bool(value == fields.get("attention.head_count"))
    if key == "feed_forward_length":
        return header.architecture == "bloom" and value == 4 * config.hidden_size
    return False


def _head_dim(header: Header, config: Any) -> int:
    fields = header.metadata
    if "attention.key_length" in fields:
        return int(fields["attention.key_length"])
    return int(config.hidden_size // config.num_attention_heads)


def _attention_scale(header: Header, config: Any, has: set[str]) -> Iterator[Statement]:
    """Yield what queries times keys are divided by, squared: the head's size unless said otherwise."""
    scale = header.metadata.get("attention.scale", 0.0)
    if not scale and "query_pre_attn_scalar" not in has:
        return
    usual = _head_dim(header, config)
    if "query_pre_attn_scalar" in has:
        if (header.architecture, header.metadata.get("block_count")) in _SCALED_BY_WIDTH:
            usual = config.hidden_size // config.num_attention_heads
        yield "query_pre_attn_scalar", "attention.scale", round(scale**-2) if scale else usual
        usual = round(scale**-2) if scale else usual
    if scale and not math.isclose(scale, usual**-0.5, rel_tol=1e-5):
        raise _uncarried(header, config, "attention.scale")


def _windows(header: Header, config: Any, has: set[str]) -> Iterator[Statement]:
    """Yield how far back each layer attends: to the start, where no window is stated."""
    fields, key = header.metadata, "attention.sliding_window"
    window = fields.get(key, _WINDOWS.get(header.architecture)) or None
    pattern = fields.get(_PATTERN, _PATTERNS.get(header.architecture, 0))
    if "sliding_window" not in has:
        if window is not None and window < fields.get("context_length", math.inf):
            raise _uncarried(header, config, key)
    elif "layer_types" not in has:
        if window is not None and pattern != 0:
            raise _uncarried(header, config, _PATTERN)
        yield "sliding_window", key, window
    else:
        if window is not None:
            yield "sliding_window", key, window
        n_layers = config.num_hidden_layers
        if not isinstance(pattern, list):  # every so manieth layer attends to everything
            pattern = [pattern == 0 or layer % pattern < pattern - 1 for layer in range(n_layers)]
        sliding = [window is not None and bool(each) for each in pattern]
        types = ["sliding_attention" if each else "full_attention" for each in sliding]
        yield "layer_types", _PATTERN, types


def _linear_attention(header: Header, config: Any, has: set[str]) -> Iterator[Statement]:
    """Yield the shape of layers without softmax, which Qwen3.5 has between those with it."""
    fields = header.metadata
    if (interval := fields.get("full_attention_interval")) is not None:
        kinds = [
            "linear_attention" if (i + 1) % interval else "full_attention" for i in range(config.num_hidden_layers)
        ]
        yield "layer_types", "full_attention_interval", kinds
    if "ssm.inner_size" in fields and (header.architecture, "ssm.inner_size") not in OWN_RULES:
        if "linear_value_head_dim" not in has:
            raise _uncarried(header, config, "ssm.inner_size")
        yield "linear_value_head_dim", "ssm.inner_size", fields["ssm.inner_size"] // fields["ssm.time_step_rank"]


def _rotations(header: Header, config: Any, has: set[str]) -> Iterator[Statement]:
    current = getattr(config, "rope_parameters", None)
    if not current:
        if strange := [key for key in header.metadata if key in ROTATION_KEYS]:
            raise _uncarried(header, config, strange[0])
        return
    head_dim, context = _head_dim(header, config), int(header.metadata.get("context_length", 0))
    rotation = read_rotation(header, head_dim)
    parameters, theta = rotation.parameters(context), header.metadata.get("rope.freq_base_swa")
    if "partial_rotary_factor" in current:
        parameters["partial_rotary_factor"] = rotation.n_dims / head_dim
    if "original_max_position_embeddings" in has and "original_max_position_embeddings" in parameters:
        original = parameters["original_max_position_embeddings"]
        yield "original_max_position_embeddings", "rope.scaling.original_context_length", original
    key = "rope.scaling.type" if "rope.scaling.type" in header.metadata else "rope.freq_base"
    if "full_attention" in current:
        local = {"rope_type": "default", "rope_theta": 10_000.0 if theta is None else theta}
        yield "rope_parameters", key, {"full_attention": parameters, "sliding_attention": local}
        return
    if theta is not None and theta != rotation.base:
        raise _uncarried(header, config, "rope.freq_base_swa")
    own = {name: value for name, value in current.items() if name.startswith("mrope")}
    yield "rope_parameters", key, own | parameters
