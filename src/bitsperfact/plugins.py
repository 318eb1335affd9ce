"""Parts found by name: a module of this package, an object of another one (`package.module:NAME`), an entry point.

One file each, and no list of them anywhere: a part is added by putting its module into its room. Other packages
add parts by entry points of the room's group, or leave them to be named in full.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Any

from bitsperfact.errors import BadInput


@dataclass(frozen=True)
class Room:
    """Where parts of one kind are found.

    `what`: a part in words, for messages. `package`: the package whose modules are one part each, under
    `attribute` of the module. `group`: the group of entry points that other packages register theirs in. `fits`:
    whether an object is such a part.
    """

    what: str
    package: str
    attribute: str
    group: str
    fits: Callable[[Any], bool] = lambda _: True

    def names(self) -> list[str]:
        """Return the names of all parts that need not be named in full, sorted."""
        return sorted({*self._modules(), *self._entries()})

    def find(self, name: str) -> Any:
        """Return the part called `name`; raise BadInput, with the names there are, where there is none."""
        if ":" in name:
            return self._checked(name, self._opened(EntryPoint(name, name, self.group)))
        if name in self._modules():
            return getattr(import_module(f"{self.package}.{name}"), self.attribute)
        if (entry := self._entries().get(name)) is not None:
            return self._checked(name, self._opened(entry))
        raise BadInput(self.what, f"one of {', '.join(self.names())}, or package.module:NAME", repr(name))

    def _opened(self, entry: EntryPoint) -> Any:
        try:
            return entry.load()
        except (ImportError, AttributeError) as error:
            raise BadInput(
                f"{self.what} {entry.name}", "package.module:NAME of an installed package", error
            ) from None

    def _checked(self, name: str, part: Any) -> Any:
        if not self.fits(part):
            raise BadInput(f"{self.what} {name}", f"a {self.what}", f"an object of type {type(part).__name__}")
        return part

    def _modules(self) -> list[str]:
        found = iter_modules(import_module(self.package).__path__)
        return [module.name for module in found if not module.name.startswith("_")]

    def _entries(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self.group)}
