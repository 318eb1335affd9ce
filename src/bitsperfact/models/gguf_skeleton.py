"""The model that a GGUF file's config makes, without weights: does it use every tensor and rotate as stated?"""

from collections.abc import Iterator
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.models.gguf_config import CONFUSED, drafts_ahead
from bitsperfact.models.gguf_header import ROTATION_TENSORS, Header
from bitsperfact.models.gguf_rotation import Rotation, read_rotation, rotates_as

_SHOWN = 3


def check_skeleton(header: Header, config: Any) -> None:
    """Check a file against the model that its config makes, before any weight is read.

    Raises BadInput, naming them, for tensors without a place in the model, and for a rotation other than stated.
    """
    import torch
    from transformers import AutoModelForCausalLM

    try:
        with torch.device("meta"):
            skeleton = AutoModelForCausalLM.from_config(config)
        places = _places(header, skeleton)
    except CONFUSED as error:
        raise BadInput(header.path, "a GGUF file that transformers can read", error) from None
    turning = list(_rotations(skeleton))
    _check_places(header, skeleton, places, rotates=bool(turning))
    for prefix, frequencies, attention in turning:
        stated = _stated(header, config, local=prefix.startswith("sliding"))
        if stated.n_dims != 2 * len(frequencies):
            raise header.refuse("rope.dimension_count", f"{2 * len(frequencies)} rotated dimensions of each head")
        if not rotates_as(stated, frequencies, attention):
            raise header.refuse("rope.scaling.type", f"a rotation that {type(skeleton).__name__} can make")


def _check_places(header: Header, skeleton: Any, places: dict[str, str], *, rotates: bool) -> None:
    expected = f"a file whose every tensor has a place in transformers' {type(skeleton).__name__}"
    used = {*places, *(ROTATION_TENSORS if rotates else ())}
    if left := [name for name in header.tensors if name not in used and not drafts_ahead(header, name)]:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        raise BadInput(header.path, expected, f"{', '.join(left[:_SHOWN])}{more}, which has none")
    # Two tensors may share a place, as an expert's gate and its way up do.
    filled: dict[str, int] = {}
    for name in places.keys() & header.tensors.keys():
        filled[places[name]] = filled.get(places[name], 0) + header.tensors[name]
    state = skeleton.state_dict()
    for name, place in places.items():
        if place in state and filled.get(place, state[place].numel()) != state[place].numel():
            got = f"{filled[place]} elements for {place}, which has {state[place].numel()} ({name})"
            raise BadInput(header.path, expected, got)


def _places(header: Header, skeleton: Any) -> dict[str, str]:
    """Return where each tensor goes, by name, in either of transformers' two readers of GGUF."""
    from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key
    from transformers.integrations.gguf import get_gguf_conversion_mapping, is_gguf_arch_supported
    from transformers.modeling_gguf_pytorch_utils import (
        TENSOR_PROCESSORS,
        TensorProcessor,
        get_gguf_hf_weights_map,
    )

    config = skeleton.config
    if is_gguf_arch_supported(header.architecture):
        mapping = get_gguf_conversion_mapping(header.architecture, config)
        renamings = [step for step in mapping if isinstance(step, WeightRenaming)]
        converters = [step for step in mapping if isinstance(step, WeightConverter)]
        state = skeleton.state_dict()
        renamed = {name: rename_source_key(name, renamings, converters)[0] for name in header.tensors}
        return {name: place for name, place in renamed.items() if place in state}
    processor = TENSOR_PROCESSORS.get(header.architecture, TensorProcessor)(config=config.to_dict())
    places: dict[str, str] = get_gguf_hf_weights_map(skeleton, processor)
    if hasattr(processor, "_set_moe_expert_tensor"):  # experts are looked up by the name without its ending
        places |= {f"{name}.weight": place for name, place in places.items() if name.endswith("_exps")}
    return places


def _rotations(skeleton: Any) -> Iterator[tuple[str, Any, float]]:
    """Yield the name's beginning, the frequencies and the attention factor of each rotation in a model."""
    for module in skeleton.modules():
        names = [name for name, _ in module.named_buffers(recurse=False) if name.endswith("inv_freq")]
        prefixes = [name.removesuffix("inv_freq") for name in names if not name.endswith("original_inv_freq")]
        if prefixes:
            built = type(module)(config=module.config)  # the skeleton's own frequencies have no values
            for prefix in prefixes:
                frequencies = getattr(built, f"{prefix}inv_freq").double().numpy()
                yield prefix, frequencies, float(getattr(built, f"{prefix}attention_scaling"))


def _stated(header: Header, config: Any, *, local: bool) -> Rotation:
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    rotation = read_rotation(header, head_dim)
    if not local:
        return rotation
    return Rotation(rotation.n_dims, float(header.metadata.get("rope.freq_base_swa", 10_000.0)))
