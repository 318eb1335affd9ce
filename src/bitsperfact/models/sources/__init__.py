"""Where models come from: one module for each kind of name, found by asking each whether a name is its.

Another package adds a source by an entry point of the group `bitsperfact.model_sources`, or leaves it to be named
in full: `package.module:SOURCE:NAME`.
"""

import difflib
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bitsperfact.errors import BadInput
from bitsperfact.models.spec import ModelSpec
from bitsperfact.plugins import Room


@dataclass(frozen=True)
class Entry:
    """One model that can be named without a path: for listings. `n_params` counts tied matrices once (1)."""

    name: str
    n_params: int
    licence: str
    source: str
    sha256: str
    cached: bool


class Source(ABC):
    """Turn names of one kind into model folders: config, tokenizer and weights as safetensors.

    `form`: how such a name looks, for messages. `last`: whether its names are only those that no other source
    claims. Methods raise BadInput, one line, for a name that cannot be had; Unavailable, a BadInput, where network
    or disk are at fault.
    """

    form: ClassVar[str]
    last: ClassVar[bool] = False

    @abstractmethod
    def claims(self, name: str) -> bool:
        """Return whether `name` is one of this source's, without opening anything."""

    @abstractmethod
    def folder(self, spec: ModelSpec) -> Path:
        """Return the folder of a model, fetched or converted first if need be."""

    def config_folder(self, spec: ModelSpec) -> Path:
        """Return a folder with at least the model's `config.json`: no weights where those are costly."""
        return self.folder(spec)

    def stored_bits(self, spec: ModelSpec) -> float | None:  # noqa: ARG002
        """Return what the weights take where they come from (bits), or None: as the folder stores them."""
        return None

    def known(self) -> list[Entry]:
        """Return the models of this source that can be listed."""
        return []


SOURCES = Room(
    "model source", __name__, "SOURCE", "bitsperfact.model_sources", lambda part: isinstance(part, Source)
)


def all_sources() -> list[Source]:
    """Return every source that need not be named in full, in the order in which they are asked for a name."""
    return sorted((SOURCES.find(name) for name in SOURCES.names()), key=lambda source: source.last)


def source_of(name: str) -> Source:
    """Return the source that a model's name is one of; raise BadInput, with the nearest name, where none is."""
    if in_full := re.fullmatch(r"([\w.]+:\w+):.+", name):
        found: Source = SOURCES.find(in_full[1])
        return found
    for source in all_sources():
        if source.claims(name):
            return source
    raise unknown(name)


def known() -> list[Entry]:
    """Return every model that can be named without a path, source by source."""
    return [entry for source in all_sources() for entry in source.known()]


def unknown(name: str) -> BadInput:
    """Return the error for a name that no source knows."""
    near = difflib.get_close_matches(name, [entry.name for entry in known()], n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    forms = [source.form for source in reversed(all_sources())]
    return BadInput(
        "model", f"{', '.join(forms)} or package.module:SOURCE:NAME", f"{name!r}, which is none of these{hint}"
    )
