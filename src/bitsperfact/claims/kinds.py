"""What a kind of claim set declares: how facts are read, what a recipe may set, which non-facts are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import TYPE_CHECKING, Any

from bitsperfact.plugins import Room

if TYPE_CHECKING:
    from bitsperfact.claims.recipes import Recipe
    from bitsperfact.claims.shapes import AnswerShape
    from bitsperfact.claims.subjects import Facts, Statements

#: The strata that are made of codes: answers with a shape of their own.
MADE_OF_CODES = ("derangement", "fresh", "near")


@dataclass(frozen=True)
class SourceKind:
    """One kind of claim set.

    `read(recipe)` returns the facts of a recipe, from which non-facts are made, or statements that come with
    their labels; it raises BadInput where it cannot. `strata`: the kinds of non-facts that a recipe may ask for.
    `options`: what it may set under [options], and of which type. `shape`: what [shape] describes, if anything.
    `default_strata` of a recipe's table: the strata of one that names none.
    """

    read: "Callable[[Recipe], Facts | Statements]"
    strata: tuple[str, ...]
    options: Mapping[str, type | UnionType] = field(default_factory=dict)
    shape: "type[AnswerShape] | None" = None
    default_strata: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda _: ("given",)


KINDS = Room(
    "kind of claim set",
    "bitsperfact.claims.sources",
    "KIND",
    "bitsperfact.claim_sources",
    lambda part: isinstance(part, SourceKind),
)
