"""Claim sets: facts and plausible non-facts, from packages, the Hub, a user's files, or made up.

Importing this package loads nothing slow: sources, `datasets` and pandera are imported when a set is made.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitsperfact.claims.cards import card, overview
    from bitsperfact.claims.claimset import ClaimSet, ClaimStream
    from bitsperfact.claims.loading import from_frame, load, stream_all
    from bitsperfact.claims.notes import Note, note_lines
    from bitsperfact.claims.publishing import check_folder, push, save
    from bitsperfact.claims.recipes import Recipe, names, recipe
    from bitsperfact.claims.writing import WrittenSet, written

__all__ = [
    "ClaimSet",
    "ClaimStream",
    "Note",
    "Recipe",
    "WrittenSet",
    "card",
    "check_folder",
    "from_frame",
    "load",
    "names",
    "note_lines",
    "overview",
    "push",
    "recipe",
    "save",
    "stream_all",
    "written",
]

_HOMES = {
    "ClaimSet": "claimset",
    "ClaimStream": "claimset",
    "Note": "notes",
    "Recipe": "recipes",
    "WrittenSet": "writing",
    "card": "cards",
    "check_folder": "publishing",
    "from_frame": "loading",
    "load": "loading",
    "names": "recipes",
    "note_lines": "notes",
    "overview": "cards",
    "push": "publishing",
    "recipe": "recipes",
    "save": "publishing",
    "stream_all": "loading",
    "written": "writing",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"bitsperfact.claims.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'bitsperfact.claims' has no attribute {name!r}")
