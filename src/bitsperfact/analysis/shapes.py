"""What all predictions about the shape of one model's scores on one set have in common."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict
from bitsperfact.analysis.sharing import shared
from bitsperfact.analysis.status import judged
from bitsperfact.tables import Status


@dataclass(frozen=True)
class ScoreShape:
    """A number that the channel predicts, and what to say of it.

    `predicted`: its value at the channel. `low`, `high`: the range that counts as that; infinite where no value
    can lie beyond, since widened intervals may. `words`: what was measured. `failure`: what it means that the
    number lies outside. `measure`: the number of a cell, with an interval at the error that the cell may make
    among `n_rows`. `obstacle`: what else makes a cell undecided, or nothing.
    """

    prediction: str
    predicted: float
    low: float
    high: float
    words: str
    failure: str
    measure: Callable[[Evidence, Key, int], Measured]
    obstacle: Callable[[Evidence, Key, int], str] = lambda *_: ""


def quantity(name: str) -> Callable[[Evidence, Key, int], Measured]:
    """Measure a shape by one quantity of the separation table."""
    return lambda evidence, key, n_rows: shared(evidence.maybe(key, name), n_rows)


def verdicts(evidence: Evidence, shape: ScoreShape) -> Iterator[Verdict]:
    """Judge every ordinary cell in which something is known; all of them share the error.

    Cells whose bits per fact reach down to 0 are left out: where nothing is known no law has a shape.
    """
    keys = evidence.ordinary()
    for key in keys:
        bits = evidence.number(key, "bits_per_fact")
        if bits.known and bits.lower > 0:
            # Cells that drop out do so by their data, so the error is shared with them too.
            yield _verdict(evidence, shape, key, len(keys))


def _verdict(evidence: Evidence, shape: ScoreShape, key: Key, n_rows: int) -> Verdict:
    number = shape.measure(evidence, key, n_rows)
    status = judged(number.lower, number.upper, shape.low, shape.high) if number.known else "undecided"
    obstacle = shape.obstacle(evidence, key, n_rows) if number.known else "it was not measured"
    if obstacle:
        status = "undecided"
    return Verdict(
        key.model,
        key.claim_set,
        key.score,
        shape.prediction,
        shape.predicted,
        number.value,
        number.lower,
        number.upper,
        status,
        _reason(shape, number, status, obstacle),
    )


def _reason(shape: ScoreShape, number: Measured, status: Status, obstacle: str) -> str:
    words = shape.words[0].upper() + shape.words[1:]
    sentence = f"{words}: {number}" if number.known else f"{words}: unknown"
    if obstacle:
        return f"{sentence}; {obstacle}, so nothing is decided."
    if status == "violated":
        return f"{sentence}: {shape.failure}."
    within = _range(shape)
    return (
        f"{sentence}, surely {within}."
        if status == "consistent"
        else f"{sentence}, too wide to say whether {within}."
    )


def _range(shape: ScoreShape) -> str:
    if shape.low in (0.0, -math.inf):
        return f"at most {shape.high:g}"
    return (
        f"at least {shape.low:g}" if shape.high in (1.0, math.inf) else f"within {shape.low:g} to {shape.high:g}"
    )
