"""Prediction: scores of networks at their plateau are the channel's, and no other law's."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from bitsperfact.analysis.by_cell import CellResult, decisive, verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.ladders import Ladders, ladders_of
from bitsperfact.analysis.predictions import Prediction

#: Nats per claim that a richer law than the channel may be ahead by: a fiftieth of the facts, each one nat off.
AHEAD_NATS = 0.01
#: Nats per accepted non-fact by which the channel must be ahead of two smooth peaks. Measured: 9 to 11 in
#: channels, below .02 in shifts of a normal law.
APART_NATS = 1.0
_LAWS = ("smooth", "channel", "forgetting", "abstaining")


def network_shape(evidence: Evidence) -> Iterator[Verdict]:
    """Judge whether held-out scores are predicted as well by the channel as by any of its rivals.

    Two numbers must obey, and the one that decides is shown. `behind_channel`: nats per held-out claim by which
    the channel is behind the best law, at most .01. `behind_smooth`: those by which two peaks without
    hallucinations are behind, which must be at least one nat for each accepted non-fact (q / 2 per claim, since
    classes weigh the same): otherwise what is accepted is a tail, and no peak of hallucinations. Stricter than
    `channel_shape`, since networks of one's own have met all facts alike. Source: the optimum of Guo & Li 2026
    (arXiv 2602.00906); the laws are `estimate.fit_channel`'s.
    """
    ladders = ladders_of(evidence)
    among = 2 * ladders.n_finished()
    for ladder in ladders.each():
        each = [_shape(ladders, name, among) for name in ladder.cells["model"]]
        tally = _best_laws(ladders, ladder.cells["model"].tolist())
        meaning = f"nats by which the channel is behind, or ahead of smooth peaks (best laws: {tally})"
        yield from verdicts(ladders, ladder, "network_shape", each, meaning)


def _shape(ladders: Ladders, cell: str, among: int) -> CellResult:
    channel, smooth, q = (
        ladders.shared(cell, name, among) for name in ("behind_channel", "behind_smooth", "q_star")
    )
    needed = 0.5 * APART_NATS * q.lower
    return decisive(
        [
            CellResult(cell, 0.0, channel, -np.inf, AHEAD_NATS, note=" behind"),
            CellResult(cell, needed, smooth, needed, np.inf, note=" ahead of smooth peaks"),
        ]
    )


def _best_laws(ladders: Ladders, cells: Sequence[str]) -> str:
    """Return how many cells each law predicts best."""
    behind = [[ladders.number(cell, f"behind_{law}").value for law in _LAWS] for cell in cells]
    best = Counter(_LAWS[int(np.argmin(each))] for each in behind if np.isfinite(each).all())
    return ", ".join(f"{law} {best[law]}" for law in _LAWS if law in best) or "unknown"


PREDICTION = Prediction(
    "network_shape",
    "evidence",
    "cells",
    "no other law predicts held-out scores of a network better than the channel",
    network_shape,
    41,
)
