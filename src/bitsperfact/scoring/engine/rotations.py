"""Rotary embeddings that depend on how long a sequence is: LongRoPE, dynamic NTK.

Such a model turns every token of a pass by the length of the longest sequence in it: one claim beyond the original
length would change all others, and a long claim cut into packs would be turned one way in the first and another in
the last. So requests of one rotation are computed together, and each pass is told their length.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel

#: A model and requests, then more -> an array whose rows are the requests'.
Compute = TypeVar("Compute", bound=Callable[..., NDArray[Any]])


@dataclass(frozen=True)
class _Rotation:
    """A rotary embedding that is another beyond `original` tokens: one for all lengths, or one for `each`."""

    module: Any
    original: int
    each: bool

    def at(self, length: int) -> int:
        """Return what tells the rotations of sequences of different lengths apart."""
        return max(length - self.original, 0) if self.each else int(length > self.original)


def of_one_rotation(compute: Compute) -> Compute:
    """Let `compute` be called once for the requests of each rotation; its rows come back in the order given.

    The length that decides is that of a request's input, all its tokens but the last, as in a pass of its own.
    """

    @wraps(compute)
    def grouped(loaded: "LoadedModel", requests: Sequence[TokenizedRequest], *args: Any) -> NDArray[Any]:
        rotations = _rotations(loaded.model)
        if not rotations:
            return compute(loaded, requests, *args)
        groups: dict[tuple[int, ...], list[int]] = {}
        for place, request in enumerate(requests):
            groups.setdefault(tuple(each.at(len(request.ids) - 1) for each in rotations), []).append(place)
        parts = []
        for places in groups.values():
            own = [requests[place] for place in places]
            with _turned(rotations, max(len(request.ids) - 1 for request in own)):
                parts.append(compute(loaded, own, *args))
        return np.concatenate(parts)[np.argsort(np.concatenate(list(groups.values())))]

    return cast("Compute", grouped)


def _rotations(model: Any) -> list[_Rotation]:
    """Return the model's rotary embeddings that depend on length, whichever of its layers they are of."""
    found = []
    for module in model.modules():
        types = getattr(module, "rope_type", None)
        by_layer = types if isinstance(types, dict) else {None: types}
        for layer, name in by_layer.items():
            if not isinstance(name, str):
                continue
            if "dynamic" in name:
                found.append(_Rotation(module, int(module.original_max_seq_len), each=True))
            elif name == "longrope":
                parameters = module.config.rope_parameters
                parameters = parameters if layer is None else parameters[layer]
                found.append(_Rotation(module, int(parameters["original_max_position_embeddings"]), each=False))
    return found


@contextmanager
def _turned(rotations: Sequence[_Rotation], length: int) -> Iterator[None]:
    """Let embeddings be those of a sequence of `length`, whatever part a pass has, and whatever came before."""
    with ExitStack() as hooks:
        for module in {id(each.module): each.module for each in rotations}.values():
            before = module.register_forward_pre_hook(partial(_with_last, length), with_kwargs=True)
            after = module.register_forward_hook(lambda _, __, output: _without_last(output))
            hooks.callback(before.remove)
            hooks.callback(after.remove)
        yield


def _with_last(
    length: int, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Add the last position of the sequence to those that are asked for; forget what lengths were met before."""
    for name in [name for name in vars(module) if name.endswith("max_seq_len_cached")]:
        setattr(module, name, 0)
    positions = kwargs["position_ids"] if "position_ids" in kwargs else args[1]
    positions = torch.cat((positions, torch.full_like(positions[..., :1], length - 1)), dim=-1)
    if "position_ids" in kwargs:
        return args, kwargs | {"position_ids": positions}
    return (args[0], positions, *args[2:]), kwargs


def _without_last(output: Any) -> Any:
    """Take the added position away from cosines and sines, (..., positions, width)."""
    if isinstance(output, tuple):
        return tuple(_without_last(each) for each in output)
    return output[..., :-1, :]
