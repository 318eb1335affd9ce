"""The vocabulary head: log-probabilities of single tokens, from logits that are never all in memory.

The logits are most of the memory of a small model, and writing them costs as much as computing them. They are
made in tiles that stay in a processor's cache, some positions by some tokens of the vocabulary, and folded at once
into each position's normaliser, in float32.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring.engine.trie import Ints

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel

#: Positions per tile, and logits per tile: by device, what its cache holds and its multipliers need.
TILE_POSITIONS = 1024
TILE_LOGITS = {"cpu": 2**21}
TILE_LOGITS_ELSEWHERE = 2**26


@dataclass(frozen=True)
class Reads:
    """Which log-probabilities to read: of token `targets[r]` at line `lines[r]` of the hidden states."""

    lines: Ints
    targets: Ints


@contextmanager
def capture_hidden(model: Any, positions: Ints) -> Iterator[list[torch.Tensor]]:
    """Keep the head from running, and collect what it would have seen at these columns of the only row."""
    seen: list[torch.Tensor] = []

    def divert(_: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        hidden = inputs[0]
        seen.append(hidden[0, torch.from_numpy(positions).to(hidden.device)])
        return (hidden[:, :0], *inputs[1:])

    hook = head_of(model).register_forward_pre_hook(divert)
    try:
        yield seen
    finally:
        hook.remove()


@contextmanager
def head_only_at(model: Any, rows: Ints, columns: Ints) -> Iterator[Callable[[Any], torch.Tensor]]:
    """Let the vocabulary head see only the hidden states at these rows and columns.

    Yields what takes their logits, (n, vocabulary), from the model's output. A hook in front of the head, rather
    than a head of our own, keeps whatever the model does to its logits afterwards (soft-capping, scaling): those
    act on each position alone. A model that does not say which module is its head makes all logits.
    """
    selected = []

    def select(_: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        if inputs[0].ndim != 3:  # not a row of hidden states a row: several streams, say
            return inputs
        selected.append(True)
        return (_at(inputs[0]).unsqueeze(0), *inputs[1:])

    def _at(values: torch.Tensor) -> torch.Tensor:
        row, column = (torch.from_numpy(index).to(values.device) for index in (rows, columns))
        return values[row, column]

    def taken(output: Any) -> torch.Tensor:
        logits = logits_of(output)
        return logits[0] if selected else _at(logits)

    head = head_of(model)
    hook = None if head is None else head.register_forward_pre_hook(select)
    try:
        yield taken
    finally:
        if hook is not None:
            hook.remove()


def head_of(model: Any) -> Any:
    """Return the module that makes logits of hidden states; None where a model does not say."""
    try:
        return model.get_output_embeddings()
    except Exception:  # a model's own code may raise anything
        return None


def run(model: Any, inputs: dict[str, torch.Tensor], **options: Any) -> Any:
    """Return a model's output, without a cache; options that its code does not know are left out."""
    known = inspect.signature(getattr(model, "forward", model)).parameters
    if not any(each.kind is each.VAR_KEYWORD for each in known.values()):
        options = {name: value for name, value in options.items() if name in known}
    return model(**inputs, **options)


def logits_of(output: Any) -> torch.Tensor:
    """Return the logits in a model's output; code of its own may return a tuple."""
    logits: torch.Tensor = output.logits if hasattr(output, "logits") else output[0]
    return logits


def vocabulary(model: Any) -> int | None:
    """Return how many tokens a model can both read and predict: rows of its embedding, and of its head.

    None where neither it nor its config says.
    """
    try:
        embedding = model.get_input_embeddings()
    except Exception:
        embedding = None
    sizes = (getattr(embedding, "num_embeddings", None), getattr(head_of(model), "out_features", None))
    known = [size for size in sizes if size is not None]
    return min(known) if known else getattr(model.config.get_text_config(), "vocab_size", None)


def refuse_tokens_beyond(loaded: "LoadedModel", texts: Sequence[Sequence[int]]) -> None:
    """Raise BadInput where a text has a token that the model has no row for; a device would only assert."""
    rows = vocabulary(loaded.model)
    for ids in texts:
        if rows is not None and max(ids, default=0) >= rows:
            token = loaded.tokenizer.convert_ids_to_tokens(max(ids))
            where = f"model {loaded.info.name}, claim {loaded.tokenizer.decode(list(ids))!r}"
            raise BadInput(
                where, f"tokens below {rows}, the rows of its embedding", f"{token!r}, token {max(ids)}"
            )


def logprobs_of(logits: torch.Tensor, reads: Reads) -> NDArray[np.float64]:
    """Return log-probabilities from whole logits (n_lines, vocabulary): shape (n_reads,), nats, <= 0."""
    logits = logits.float()
    normaliser = torch.logsumexp(logits, dim=-1)
    lines, targets = (torch.from_numpy(index).to(logits.device) for index in (reads.lines, reads.targets))
    return np.asarray((logits[lines, targets] - normaliser[lines]).double().cpu().numpy())


def can_tile(model: Any) -> bool:
    """Return whether the model's head is one matrix in reach, to be multiplied in parts."""
    head = head_of(model)
    return type(head) is torch.nn.Linear and head.weight.device.type != "meta" and not hasattr(head, "_hf_hook")


def tiled_logprobs(model: Any, hidden: torch.Tensor, reads: Reads) -> NDArray[np.float64]:
    """Return log-probabilities from hidden states (n_lines, width): shape (n_reads,), nats, <= 0."""
    head = model.get_output_embeddings()
    softcap = getattr(model.config.get_text_config(), "final_logit_softcapping", None)
    hidden = hidden.to(head.weight.device)
    found = np.empty(len(reads.lines))
    for first in range(0, len(hidden), TILE_POSITIONS):
        here = (reads.lines >= first) & (reads.lines < first + TILE_POSITIONS)
        part = Reads(reads.lines[here] - first, reads.targets[here])
        found[here] = _part_logprobs(head, hidden[first : first + TILE_POSITIONS], part, softcap)
    return found


def _part_logprobs(
    head: torch.nn.Linear, hidden: torch.Tensor, reads: Reads, softcap: float | None
) -> NDArray[np.float64]:
    vocabulary, device = len(head.weight), hidden.device
    width = max(1, min(vocabulary, TILE_LOGITS.get(device.type, TILE_LOGITS_ELSEWHERE) // max(1, len(hidden))))
    room = torch.empty(len(hidden) * width, dtype=hidden.dtype, device=device)
    order = np.argsort(reads.targets, kind="stable")
    lines = torch.from_numpy(reads.lines[order]).to(device)
    targets = reads.targets[order]
    chosen = torch.empty(len(order), device=device)
    largest = torch.full((len(hidden),), -torch.inf, device=device)
    total = torch.zeros(len(hidden), dtype=torch.float64, device=device)
    for start in range(0, vocabulary, width):
        stop = min(start + width, vocabulary)
        logits = _tile(head, hidden, start, stop, room, softcap)
        read = slice(*np.searchsorted(targets, (start, stop)))
        chosen[read] = logits[lines[read], torch.from_numpy(targets[read] - start).to(device)]
        before, largest = largest, torch.maximum(largest, logits.amax(dim=-1))
        share = logits.sub_(largest[:, None]).exp_().sum(dim=-1)
        total = total * (before - largest).double().exp() + share.double()
    normaliser = largest.double() + total.log()
    found = np.empty(len(order))
    found[order] = (chosen.double() - normaliser[lines]).cpu().numpy()
    return found


def _tile(
    head: torch.nn.Linear, hidden: torch.Tensor, start: int, stop: int, room: torch.Tensor, softcap: float | None
) -> torch.Tensor:
    """Logits of tokens `start` to `stop`, float32, in the given room where its precision allows."""
    logits = room[: len(hidden) * (stop - start)].view(len(hidden), stop - start)
    torch.mm(hidden, head.weight[start:stop].T, out=logits)
    if head.bias is not None:
        logits += head.bias[start:stop]
    if softcap is not None:
        logits.div_(softcap).tanh_().mul_(softcap)
    return logits.float()
