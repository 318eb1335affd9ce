"""Models: from a name to a local folder to a loaded model.

`ModelSpec` says which model and how to open it, `resolve` fetches and converts, `describe` identifies, `load`
opens, `opener` does so later and elsewhere, `known` lists what needs no path. Importing this package imports
neither torch nor transformers.
"""

from bitsperfact.errors import Unavailable
from bitsperfact.models.architectures import is_classifier, skeleton
from bitsperfact.models.describing import describe, resolve, resolve_config
from bitsperfact.models.inputs import ModelInputs, max_tokens
from bitsperfact.models.loading import LoadedModel, Opener, load, opener
from bitsperfact.models.sources import Entry, Source, known
from bitsperfact.models.spec import DTYPE_BITS, ModelSpec

__all__ = [
    "DTYPE_BITS",
    "Entry",
    "LoadedModel",
    "ModelInputs",
    "ModelSpec",
    "Opener",
    "Source",
    "Unavailable",
    "describe",
    "is_classifier",
    "known",
    "load",
    "max_tokens",
    "opener",
    "resolve",
    "resolve_config",
    "skeleton",
]
