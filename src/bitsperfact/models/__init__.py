"""Models: from a name to a local folder to a loaded causal language model.

`resolve` fetches and converts, `describe` identifies, `load` opens, `known` lists what needs no path.
Importing this package imports neither torch nor transformers.
"""

from bitsperfact.models.errors import Unavailable
from bitsperfact.models.identity import describe
from bitsperfact.models.loading import LoadedModel, load
from bitsperfact.models.names import Entry, fetch, known, resolve, resolve_config
from bitsperfact.models.skeleton import skeleton

__all__ = [
    "Entry",
    "LoadedModel",
    "Unavailable",
    "describe",
    "fetch",
    "known",
    "load",
    "resolve",
    "resolve_config",
    "skeleton",
]
