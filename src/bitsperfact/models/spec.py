"""Which model is asked for, and how it is to be opened: one value from the command line to the loaded model."""

import re
from dataclasses import dataclass

from bitsperfact.errors import BadInput

#: Bits of one weight in each precision that models are opened in.
DTYPE_BITS = {"float32": 32, "bfloat16": 16, "float16": 16}
#: Kinds of quantised copies; `quantising` says how each is made.
QUANTISED = ("int8", "int4", "int3", "int2", "nf4", "fp4")


@dataclass(frozen=True)
class ModelSpec:
    """Name a model and say how to open it; a value that hashes, compares and pickles.

    `name`: `org/name[@revision]` on the Hub, or a GGUF there, `org/name[@revision]:file.gguf`; a local folder, a
    `.gguf` file, `pypi:NAME`, `random:NAME`, or a name of another package's source; with an adapter on it
    `NAME+ADAPTER`, or an adapter alone. `dtype`: float32, bfloat16 or float16. `device`: `cpu`, `cuda`, `cuda:1`,
    `mps` or `auto`: every GPU there is and, where those are too small, main memory and disk. `trust_remote_code`
    lets a model bring code of its own, `allow_pickle` lets it bring pickled weights: both can run anything.
    `quantise`: one of `QUANTISED`, for a quantised copy.
    Raises BadInput for a dtype, device or copy that there is not.
    """

    name: str
    dtype: str = "float32"
    device: str = "auto"
    trust_remote_code: bool = False
    allow_pickle: bool = False
    quantise: str | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPE_BITS:
            raise BadInput("dtype", f"one of {', '.join(DTYPE_BITS)}", repr(self.dtype))
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", self.device):
            raise BadInput("device", "auto, cpu, cuda, cuda:N or mps", repr(self.device))
        if self.quantise is not None and self.quantise not in QUANTISED:
            raise BadInput("quantise", f"one of {', '.join(QUANTISED)}", repr(self.quantise))


def spec_of(model: ModelSpec | str) -> ModelSpec:
    """Return the spec itself, or that of a name with everything else at its default."""
    return model if isinstance(model, ModelSpec) else ModelSpec(model)
