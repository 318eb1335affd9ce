"""What a model is tried on before its first scores: whether it is causal, and what rounding does to its numbers.

Both are differences between passes that must agree, so both are held against the differences between passes that
do agree but for rounding, measured in the model itself: its precision, its depth and its device decide them.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count, cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring.engine.attention import attention_named
from bitsperfact.scoring.engine.head import logits_of, run
from bitsperfact.scoring.engine.memory import Budget
from bitsperfact.scoring.tokens import TokenizedRequest

if TYPE_CHECKING:
    from bitsperfact.models import LoadedModel

#: Scores of requests in padded rows, so many tokens at a time: shape (n_requests,), nats.
Rows = Callable[["LoadedModel", Sequence[TokenizedRequest], int], NDArray[np.float64]]

#: Inputs as pieces of the tried tokens: they begin alike, end at different depths and go on by several tokens,
#: from two first tokens.
ROWS = (
    ((0, 14),), ((0, 9), (14, 17)), ((0, 7), (34, 36)), ((0, 4), (17, 21)),
    ((21, 32),), ((21, 26), (36, 38)), ((21, 24), (32, 34)),
)  # fmt: skip
#: Tokens whose log-probability is read after every prefix of an input.
TARGETS = (34, 40)
N_TOKENS = 40
#: Tokens at a time that lay the same rows out in other ways: all together, and each alone.
LAYOUTS = (4096, 1)
#: How many times its measured noise a path may be off, over all prefixes. Small random models of 81 types whose
#: paths are right, in float32 and bfloat16, were off by .75 at most, one by 1.7; wrong paths by 2.5 or more.
MOST_EXCESS = 2.0
#: Tokens of the input whose second half is changed to see whether logits of the first half move.
N_CAUSAL = 12

_EPS32 = float(torch.finfo(torch.float32).eps)


@dataclass(frozen=True)
class Trial:
    """Requests, the scores of padded rows, (n_prefixes, n_ends), and by how much rounding moves them (nats)."""

    requests: tuple[TokenizedRequest, ...]
    expected: NDArray[np.float64]
    noise: NDArray[np.float64]  # (n_prefixes, 1)

    def off(self, scores: NDArray[np.float64]) -> float:
        """Return the root mean square by which scores of the requests, (n_requests,), are off (nats per token)."""
        return _rms(scores.reshape(self.expected.shape) - self.expected)

    def agrees(self, scores: NDArray[np.float64]) -> bool:
        """Return whether scores are off by rounding alone; never where one is not finite."""
        excess = _rms((scores.reshape(self.expected.shape) - self.expected) / self.noise)
        return excess < MOST_EXCESS


def tokens_to_try(requests: Sequence[TokenizedRequest], vocabulary: int) -> list[int]:
    """Return `N_TOKENS` tokens, distinct where a vocabulary has as many: those of the requests, then others."""
    own = dict.fromkeys(chain.from_iterable(request.ids for request in requests))
    around = islice((max(own) + step for near in count(1) for step in (-near, near)), 2 * vocabulary)
    others = islice((token for token in around if 0 <= token < vocabulary), 2 * N_TOKENS)
    distinct = list(dict.fromkeys(chain(islice(own, N_TOKENS), others)))[:N_TOKENS]
    return list(islice(cycle(distinct), N_TOKENS))


def trial_of(loaded: "LoadedModel", tokens: Sequence[int], context: int, rows: Rows) -> Trial:
    """Score every prefix of the tried inputs in padded rows, and measure what rounding does to each.

    `context`: the most tokens that the model reads. The noise of a prefix is derived here: the root mean square
    between `rows` and the same rows laid out otherwise or with attention written out, and, since these may happen
    to round alike, at least that of the median prefix and a quarter of a unit in the last place: of the model's
    precision at the spread of its scores, and of float32, in which they are added up, at four times their size.
    """
    inputs = {tuple(tokens[k] for piece in row for k in range(*piece))[:context] for row in ROWS}
    prefixes = sorted({row[:stop] for row in inputs for stop in range(1, len(row) + 1)})
    ends = tokens[slice(*TARGETS)]
    requests = tuple(TokenizedRequest((*p, end), len(p), 1, boundary_ok=True) for p in prefixes for end in ends)
    expected, *others = (rows(loaded, requests, n_tokens) for n_tokens in LAYOUTS)
    # A model may have no other attention, or none that works; the layouts say enough then.
    with suppress(Exception), attention_named(loaded.model, "eager"):
        others.append(rows(loaded, requests, LAYOUTS[0]))
    moved = np.square(np.array(others) - expected).reshape(len(others), len(prefixes), len(ends))
    of_prefix = np.sqrt(moved.mean(axis=(0, 2)))
    last_place = torch.finfo(loaded.model.dtype).eps * float(np.std(expected)) / 4 + _EPS32 * _rms(expected)
    noise = np.hypot(of_prefix, max(float(np.median(of_prefix)), last_place))
    return Trial(requests, expected.reshape(len(prefixes), len(ends)), noise[:, None])


def refuse_if_not_causal(loaded: "LoadedModel", tokens: Sequence[int], context: int) -> None:
    """Raise BadInput where later tokens move earlier logits: such a model's numbers are no log-probabilities.

    Changes the second half of an input, the last token among it. A row beside it, changed instead, says what
    rounding does: experts, for one, multiply the tokens of all rows together.
    """
    n = min(N_CAUSAL, context)
    row, beside = list(tokens[:n]), list(tokens[-n:])
    changed = [*row[: n // 2], *_others(row[n // 2 :], tokens)]
    with Budget(2 * n, loaded=loaded).tried(2 * n, divisible=False):
        before = _first_half(loaded, row, beside)
        moved = _rms(_first_half(loaded, changed, beside) - before)
        noise = _rms(_first_half(loaded, row, beside[::-1]) - before)
    # In a causal model nothing is rounded otherwise: even an eighth of a unit in the last place is a movement.
    last_places = torch.finfo(loaded.model.dtype).eps * float(np.std(before)) / 8 + 4 * _EPS32 * _rms(before)
    if moved > 8 * noise + last_places:
        expected = "a causal language model, whose logits depend on no later token"
        raise BadInput(f"model {loaded.info.name}", expected, f"logits that later tokens move by {moved:.2g}")


def _others(row: Sequence[int], tokens: Sequence[int]) -> list[int]:
    """Return a row of the same length that has another token at each place."""
    known = sorted({*tokens, 0, 1})
    return [known[known.index(token) - 1] for token in row]


def _first_half(loaded: "LoadedModel", *rows: Sequence[int]) -> NDArray[np.float32]:
    """Return the logits of the first half of the first row, computed with the others beside it."""
    inputs = {"input_ids": torch.tensor(rows, device=loaded.device)}
    logits = logits_of(run(loaded.model, inputs, use_cache=False))
    return np.asarray(logits[0, : len(rows[0]) // 2].float().cpu().numpy())


def _rms(values: NDArray[np.floating[Any]]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
