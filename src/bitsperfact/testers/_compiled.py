"""Compilation of inner loops, which NumPy cannot express: each step of them depends on the one before."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

INSTALL = "pip install 'bitsperfact[testers]'"


def compiled(function: Function) -> Function:
    """Compile a function to machine code on its first call, and keep the code on disk for later processes.

    Raises ImportError, naming the command that helps, where numba is not installed.
    """
    try:
        from numba import njit
    except ImportError as error:
        raise ImportError(f"this tester needs numba: {INSTALL}") from error
    return cast("Function", njit(cache=True, error_model="numpy")(function))
