"""The rotary position embedding of a GGUF file: what its fields mean, and the same in transformers' words.

transformers reads the base alone and drops every scaling. The fields' meaning follows llama.cpp
(`llama-model.cpp: load_hparams`, `ggml: rope_yarn`): frequency i of n/2 is base^(-2i/n), divided by a factor of
its own where the file has the tensor `rope_freqs`, and by `rope.scaling.factor`; YaRN (Peng et al.,
arXiv:2309.00071) spares the fast ones that division and lengthens queries and keys instead.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from bitsperfact.models.gguf_header import Header

_TYPE, _FACTOR, _ATTENTION = "rope.scaling.type", "rope.scaling.factor", "rope.scaling.attn_factor"
_ORIGINAL = "rope.scaling.original_context_length"
_FAST, _SLOW = "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow"
_OLD_FACTOR = "rope.scale_linear"
#: Llama 3.1's constants but for the factor, which all models since share: low and high, and the original length.
_LLAMA3 = (1.0, 4.0, 8192)
#: Every field read here; `rope.scaling.finetuned` says how the model was trained, not what it computes.
ROTATION_KEYS = {
    *("rope.dimension_count", "rope.freq_base", "rope.freq_base_swa", "rope.scaling.finetuned"),
    *("rope.scaling.yarn_ext_factor", "rope.scaling.yarn_attn_factor", "rope.scaling.yarn_log_multiplier"),
    *(_TYPE, _FACTOR, _ATTENTION, _ORIGINAL, _FAST, _SLOW, _OLD_FACTOR),
}


@dataclass(frozen=True)
class Rotation:
    """How queries and keys are rotated: `n_dims` of each head, from `base`.

    `kind` is none, linear, yarn or longrope. All frequencies are divided by `factor`, and each by its own of
    `short` (of `long`, beyond `original` tokens); `attention` multiplies both cosine and sine.
    """

    n_dims: int
    base: float
    kind: str = "none"
    factor: float = 1.0
    short: tuple[float, ...] = ()
    long: tuple[float, ...] = ()
    original: int = 0
    attention: float = 1.0
    beta: tuple[float, float] = (32.0, 1.0)

    def frequencies(self) -> np.ndarray:
        """Return the angle per position of each pair of dimensions, shape (n_dims / 2,) (radians)."""
        pairs = np.arange(self.n_dims // 2)
        plain = self.base ** (-2.0 * pairs / self.n_dims) / (np.asarray(self.short) if self.short else 1.0)
        if self.kind != "yarn":
            return np.asarray(plain / self.factor)
        low, high = (self._pair_that_turns(times) for times in self.beta)
        low, high = max(math.floor(low), 0), min(math.ceil(high), self.n_dims - 1)
        spared = 1.0 - np.clip((pairs - low) / max(high - low, 0.001), 0.0, 1.0)
        return np.asarray(plain * spared + plain / self.factor * (1.0 - spared))

    def _pair_that_turns(self, times: float) -> float:
        """Return which pair of dimensions turns so many times within the original length, as a fraction."""
        return self.n_dims * math.log(self.original / (2 * math.pi * times)) / (2 * math.log(self.base))

    def parameters(self, context: int) -> dict[str, Any]:
        """Return transformers' `rope_parameters` for a model of `context` tokens."""
        base = {"rope_theta": self.base}
        if self.kind == "yarn":
            fast, slow = self.beta
            return base | {
                "rope_type": "yarn",
                "factor": self.factor,
                "original_max_position_embeddings": self.original,
                "attention_factor": self.attention,
                "beta_fast": fast,
                "beta_slow": slow,
            }
        if not self.short and self.attention == 1.0:
            return base | ({"rope_type": "default"} if self.factor == 1 else _linear(self.factor))
        if (llama3 := self._llama3()) is not None:
            return base | llama3
        # The one type that takes any divisor for each frequency: with both lists equal it depends on no length.
        ones = (1.0,) * (self.n_dims // 2)
        short = [each * self.factor for each in self.short or ones]
        return base | {
            "rope_type": "longrope",
            "short_factor": short,
            "long_factor": list(self.long) or short,
            "original_max_position_embeddings": self.original or context,
            "attention_factor": self.attention,
            "factor": max(context / self.original, 1.0) if self.original else 1.0,
        }

    def _llama3(self) -> dict[str, Any] | None:
        """Return the parameters that make these divisors as Llama 3.1 does, or None."""
        if self.long or not self.short or (self.factor, self.attention) != (1.0, 1.0) or self.short[-1] <= 1:
            return None
        factor, (low, high, original) = self.short[-1], _LLAMA3
        turns = original / (2 * math.pi) * self.base ** (-np.arange(0, self.n_dims, 2) / self.n_dims)
        smooth = np.clip((turns - low) / (high - low), 0.0, 1.0)
        if not np.allclose(self.short, 1 / ((1 - smooth) / factor + smooth), rtol=1e-5, atol=0):
            return None
        return {
            "rope_type": "llama3",
            "factor": factor,
            "low_freq_factor": low,
            "high_freq_factor": high,
            "original_max_position_embeddings": original,
        }


def _linear(factor: float) -> dict[str, Any]:
    return {"rope_type": "linear", "factor": factor}


def read_rotation(header: Header, head_dim: int) -> Rotation:
    """Return the rotation that a file states; raise BadInput, naming the key, where its meaning is unknown."""
    fields, own = header.metadata, header.rotation
    n_dims, base = int(fields.get("rope.dimension_count", head_dim)), float(fields.get("rope.freq_base", 10_000.0))
    freqs, short, long = (tuple(own.get(f"rope_{name}.weight", ())) for name in _DIVISORS)
    for name, each in zip(_DIVISORS, (freqs, short, long), strict=True):
        if each and len(each) != n_dims // 2:
            raise header.refuse("rope.dimension_count", f"{len(each)} frequencies, one per value of rope_{name}")
    kind, factor = fields.get(_TYPE, "linear"), float(fields.get(_FACTOR, fields.get(_OLD_FACTOR, 0.0)) or 1.0)
    if kind not in ("none", "linear", "yarn", "longrope"):
        raise header.refuse(_TYPE, "rope scaling none, linear, yarn or longrope")
    if kind == "none" or (factor == 1 and kind == "yarn"):
        kind, factor = "none", 1.0
    if bool(short) != bool(long) or (kind == "longrope") != bool(short) or (short and (freqs or factor != 1)):
        raise header.refuse(
            _TYPE, "rope_factors_short and rope_factors_long with longrope scaling, and only there"
        )
    if kind == "yarn" and freqs:
        raise header.refuse(_TYPE, "YaRN without factors of its own for each frequency (rope_freqs.weight)")
    attention = float(fields.get(_ATTENTION, 1.0))
    if kind == "yarn":
        attention *= 1.0 + 0.1 * math.log(factor)
    _check_yarn(header, kind, attention)
    original = int(fields.get(_ORIGINAL, fields.get("context_length", 0))) if kind in ("yarn", "longrope") else 0
    beta = (float(fields.get(_FAST, 32.0)), float(fields.get(_SLOW, 1.0)))
    return Rotation(n_dims, base, kind, factor, freqs or short, long, original, attention, beta)


_DIVISORS = ("freqs", "factors_short", "factors_long")


def _check_yarn(header: Header, kind: str, attention: float) -> None:
    """Refuse what YaRN's fields can say beyond transformers', and what readers of GGUF take differently."""
    fields = header.metadata
    if fields.get("rope.scaling.yarn_log_multiplier", 0.0) != 0:
        raise header.refuse("rope.scaling.yarn_log_multiplier", "YaRN as published (multiplier 0)")
    if kind != "yarn":
        return
    if fields.get("rope.scaling.yarn_ext_factor", 1.0) != 1:
        raise header.refuse("rope.scaling.yarn_ext_factor", "YaRN as published (1)")
    # llama.cpp's converter writes the whole factor here, its runtime reads a correction to the usual one.
    if not math.isclose(fields.get("rope.scaling.yarn_attn_factor", attention), attention, rel_tol=1e-5):
        raise header.refuse("rope.scaling.yarn_attn_factor", f"YaRN's usual {attention:.6g}")


def rotates_as(rotation: Rotation, frequencies: np.ndarray, attention: float) -> bool:
    """Return whether a model's frequencies and attention factor are those that the file states."""
    stated = rotation.frequencies()
    return (
        stated.shape == frequencies.shape
        and np.allclose(frequencies, stated, rtol=1e-5, atol=0)
        and math.isclose(attention, rotation.attention, rel_tol=1e-5)
    )
