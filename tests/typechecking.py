"""How shapes in annotations are checked in tests: arrays that name their axes are, all else is left to mypy."""

from collections.abc import Callable
from typing import Any, get_args

from beartype import beartype
from jaxtyping import AbstractArray


def _names_axes(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    return any(_names_axes(part) for part in get_args(hint))


def checked(function: Callable) -> Callable:
    """Return `function`, checked where an annotation of it is an array with axes; others cost nothing."""
    hints = dict(getattr(function, "__annotations__", {}))
    arrays = {name: hint for name, hint in hints.items() if _names_axes(hint)}
    if not arrays:
        return function
    function.__annotations__ = arrays
    wrapped = beartype(function)
    function.__annotations__ = wrapped.__annotations__ = hints
    return wrapped
