"""Quantised copies: which library makes which, on which devices, and what the weights of one take.

Only the weights of linear layers but the head are quantised; embeddings, norms and the head stay as they are, and
activations are in the dtype that was asked for. Weights are rounded to the nearest value of each block's grid,
without data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.models.spec import DTYPE_BITS, QUANTISED, ModelSpec

#: Kinds of device that each library computes on.
LIBRARIES = {"torchao": ("cpu", "cuda"), "bitsandbytes": ("cpu", "cuda")}


@dataclass(frozen=True)
class Quantiser:
    """How one kind of copy is made: `config(dtype)` tells transformers.

    `bits`: of one weight. `block`: how many weights share a scale, None for a row of the matrix; `scale_bits`:
    of that scale, None for the dtype that the model is opened in.
    """

    library: str
    bits: int
    config: Callable[[str], Any]
    block: int | None = None
    scale_bits: int | None = None


def _integers(bits: int, block: int | None, dtype: str) -> Any:  # noqa: ARG001
    import torch
    from torchao.quantization import IntxWeightOnlyConfig, PerAxis, PerGroup
    from transformers import TorchAoConfig

    kind = getattr(torch, f"int{bits}")
    if block is None:
        return TorchAoConfig(IntxWeightOnlyConfig(kind, PerAxis(0)))
    return TorchAoConfig(IntxWeightOnlyConfig(kind, PerGroup(block), scale_dtype=torch.bfloat16))


def _four_bits(kind: str, dtype: str) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type=kind, bnb_4bit_compute_dtype=getattr(torch, dtype)
    )


#: Name -> how it is made. Groups of 32 divide the widths of every network that is known here.
QUANTISERS = {
    "int8": Quantiser("torchao", 8, partial(_integers, 8, None)),
    **{f"int{n}": Quantiser("torchao", n, partial(_integers, n, 32), 32, 16) for n in (4, 3, 2)},
    **{name: Quantiser("bitsandbytes", 4, partial(_four_bits, name), 64, 32) for name in ("nf4", "fp4")},
}
assert tuple(QUANTISERS) == QUANTISED


def check_quantise(spec: ModelSpec) -> None:
    """Raise BadInput where this machine cannot make the copy: the library is missing, or not for the device."""
    if spec.quantise is None:
        return
    where, library = f"quantise {spec.quantise}", QUANTISERS[spec.quantise].library
    if find_spec(library) is None:
        raise BadInput(where, f"{library}, which makes it (pip install 'bitsperfact[quantise]')", "none")
    if (device := _kind(spec.device)) not in LIBRARIES[library]:
        raise BadInput(where, f"a device that {library} computes on ({', '.join(LIBRARIES[library])})", device)


def check_unquantised(config: dict[str, Any], where: object) -> None:
    """Raise BadInput where the weights of a model, by its config, are packed already."""
    if packed := config.get("quantization_config"):
        method = packed.get("quant_method") if isinstance(packed, dict) else packed
        raise BadInput(f"quantise, {where}", "a model that is not quantised yet", method)


def quantised_fingerprint(fingerprint: str, quantise: str) -> str:
    """Return what pins a copy: its original, how it was made, and by which version of which library."""
    library = QUANTISERS[quantise].library
    return sha256_of_text(fingerprint, "quantised", quantise, library, version(library))


def quantised_bits(network: Any, spec: ModelSpec, stored: float) -> float:
    """Return what the weights of a quantised copy take (bits; derived here): quantised ones, scales and the rest.

    `network` has the model's shapes (see `architectures.skeleton`). `stored`: bits of a weight at the source, in
    the mean, more than which none counts. Raises BadInput where a linear layer's rows are no whole number of
    blocks, or there is none.
    """
    from torch.nn import Linear

    assert spec.quantise is not None
    where, quantiser = f"quantise {spec.quantise}, model {spec.name}", QUANTISERS[spec.quantise]
    opened = DTYPE_BITS[spec.dtype]
    plain = min(float(opened), stored)
    heads = [network.get_output_embeddings(), getattr(network, "score", None)]
    layers = [each for each in network.modules() if isinstance(each, Linear) and all(each is not h for h in heads)]
    if not layers:
        raise BadInput(where, "a model with linear layers", "none")
    total: float = plain * sum(weight.numel() for weight in network.parameters())
    for layer in layers:
        n, row = layer.weight.numel(), layer.in_features
        block = quantiser.block or row
        if n % block or (quantiser.library == "torchao" and row % block):
            raise BadInput(where, f"linear layers of widths divisible by {block}", row)
        packed = n * quantiser.bits + n // block * (quantiser.scale_bits or opened)
        total -= max(0.0, plain * n - packed)
    return total


def quantisation_config(spec: ModelSpec) -> Any:
    """Return what transformers is told when it opens the model; None to leave the weights as they are."""
    return QUANTISERS[spec.quantise].config(spec.dtype) if spec.quantise is not None else None


def _kind(device: str) -> str:
    if device != "auto":
        return device.partition(":")[0]
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
