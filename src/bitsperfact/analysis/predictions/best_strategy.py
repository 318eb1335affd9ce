"""Prediction: no other strategy that spends a network's bits has less loss."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from bitsperfact import theory
from bitsperfact.analysis.by_cell import CellResult, verdicts
from bitsperfact.analysis.evidence import UNKNOWN, Evidence, Measured, Verdict
from bitsperfact.analysis.ladders import ladders_of
from bitsperfact.analysis.predictions import Prediction

#: Bits beyond which `theory.strategies` has no loss to tell.
_MOST_BITS = 1000.0


def best_strategy(evidence: Evidence) -> Iterator[Verdict]:
    """Judge that no other strategy that spends a cell's bits has less loss.

    `measured` is the cell's own loss less that of the best of `theory.strategies` at its bits (nats), but the
    optimum and half-confidence, which is another point of the same frontier; predicted at most 0. Its ends are the
    corners of both intervals: losses fall with bits.
    """
    ladders = ladders_of(evidence)
    among = 2 * ladders.n_finished(0.5, "membership")
    for ladder in ladders.each(0.5, "membership"):
        each, better = [], []
        for name in ladder.cells["model"]:
            ahead, rival = _against_strategies(
                *(ladders.shared(name, of, among) for of in ("bits_per_fact", "own_loss"))
            )
            each.append(CellResult(name, 0.0, ahead, -np.inf, 0.0))
            if each[-1].status == "violated":
                better.append(rival)
        tally = ", ".join(f"{rival} in {n}" for rival, n in sorted(Counter(better).items()))
        meaning = (
            f"loss less that of the best other strategy at the same bits, nats (surely better: {tally or 'none'})"
        )
        yield from verdicts(ladders, ladder, "best_strategy", each, meaning)


def _against_strategies(bits: Measured, loss: Measured) -> tuple[Measured, str]:
    if not (bits.known and loss.known):
        return UNKNOWN, ""
    rivals = [_best_rival(each) for each in (bits.value, bits.lower, bits.upper)]
    value = loss.value - rivals[0][0]
    lower, upper = max(loss.lower, 0.0) - rivals[1][0], loss.upper - rivals[2][0]
    return replace(loss, value=value, lower=lower, upper=upper), rivals[1][1]


@cache  # every price is a search
def _best_rival(bits: float) -> tuple[float, str]:
    """Loss (nats) and name of the best other strategy at so many bits."""
    rows = theory.strategies(min(max(bits, 0.0), _MOST_BITS))
    return min((row.loss_nats, row.name) for row in rows if row.name not in ("optimal", "half-confidence"))


PREDICTION = Prediction(
    "best_strategy",
    "evidence",
    "cells",
    "no other strategy has less loss at the bits that a network spends",
    best_strategy,
    44,
)
