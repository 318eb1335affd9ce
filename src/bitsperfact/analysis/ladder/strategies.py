"""Predictions on what kind of tester a network is: a channel, and no worse than the other strategies."""

from collections.abc import Iterator
from functools import cache

import numpy as np

from bitsperfact import theory
from bitsperfact.analysis.evidence import Measured, Verdict
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.said import Said, decisive, verdicts
from bitsperfact.analysis.ladder.simultaneous import widened

#: Nats per claim that a richer law than the channel may be ahead by: a fiftieth of the facts, each one nat off.
AHEAD_NATS = 0.01
#: Nats per accepted non-fact by which the channel must be ahead of two smooth peaks. Measured: 9 to 11 in
#: channels, below .02 in shifts of a normal law.
APART_NATS = 1.0
_RICHER = ("behind_forgetting", "behind_abstaining")
#: Bits beyond which `theory.strategies` has no loss to tell.
_MOST_BITS = 1000.0


def channel_shape(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge whether held-out scores are predicted as well by the channel as by any of its rivals.

    Two numbers must obey, and the one that decides is shown. `behind_channel`: nats per held-out claim by which
    the channel is behind the best law, at most .01. `behind_smooth`: those by which two peaks without
    hallucinations are behind, which must be at least one nat for each accepted non-fact (q / 2 per claim, since
    classes weigh the same): otherwise what is accepted is a tail, and no peak of hallucinations.
    """
    among = 2 * evidence.n_finished()
    for architecture, objective, cells in evidence.ladders():
        each = [_shape(evidence, name, among) for name in cells["model"]]
        tally = _best_laws(evidence, cells["model"].tolist())
        meaning = f"nats by which the channel is behind, or ahead of smooth peaks (best laws: {tally})"
        yield from verdicts(evidence, "channel_shape", (architecture, objective), each, meaning)


def _shape(evidence: LadderEvidence, cell: str, among: int) -> Said:
    channel, smooth = evidence.number(cell, "behind_channel"), evidence.number(cell, "behind_smooth")
    needed = 0.5 * APART_NATS * evidence.share(cell, "q_star", among)[1]
    parts = [
        Said(cell, 0.0, channel.value, *widened(channel, among), -np.inf, AHEAD_NATS, note=" behind"),
        Said(cell, needed, smooth.value, *widened(smooth, among), needed, np.inf, note=" ahead of smooth peaks"),
    ]
    return decisive(parts)


def _best_laws(evidence: LadderEvidence, cells: list[str]) -> str:
    """How many cells each law predicts best."""
    laws = [name.removeprefix("behind_") for name in ("behind_smooth", "behind_channel", *_RICHER)]
    best = []
    for cell in cells:
        behind = [evidence.number(cell, f"behind_{law}").value for law in laws]
        if np.isfinite(behind).all():
            best.append(laws[int(np.argmin(behind))])
    return ", ".join(f"{law} {best.count(law)}" for law in laws if law in best) or "unknown"


def best_strategy(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that no other strategy that spends a cell's bits has less loss.

    `measured` is the cell's loss less that of the best of `theory.strategies` at its bits (nats), but the optimum
    and half-confidence, which is another point of the same frontier; predicted at most 0. Its ends are the corners
    of both intervals: losses fall with bits.
    """
    among = evidence.n_finished(0.5, "membership")
    for architecture, objective, cells in evidence.ladders(0.5, "membership"):
        each, better = [], []
        for name in cells["model"]:
            bits, loss = evidence.number(name, "bits_per_fact"), evidence.number(name, "loss")
            one, rival = _against_strategies(name, bits, loss, among)
            each.append(one)
            if one.status == "violated":
                better.append(rival)
        tally = ", ".join(f"{rival} in {better.count(rival)}" for rival in sorted(set(better)))
        meaning = (
            f"loss less that of the best other strategy at the same bits, nats (surely better: {tally or 'none'})"
        )
        yield from verdicts(evidence, "best_strategy", (architecture, objective), each, meaning)


def _against_strategies(cell: str, bits: Measured, loss: Measured, among: int) -> tuple[Said, str]:
    if not (bits.known and loss.known):
        return Said(cell, 0.0, np.nan, np.nan, np.nan, -np.inf, 0.0), ""
    least, most = widened(bits, 2 * among, 0.0)
    lowest, highest = widened(loss, 2 * among, 0.0)
    rivals = [_best_rival(each) for each in (bits.value, least, most)]
    ends = lowest - rivals[1][0], highest - rivals[2][0]
    return Said(cell, 0.0, loss.value - rivals[0][0], *ends, -np.inf, 0.0), rivals[1][1]


@cache  # every price is a search
def _best_rival(bits: float) -> tuple[float, str]:
    """Loss (nats) and name of the best other strategy at so many bits."""
    rows = theory.strategies(min(max(bits, 0.0), _MOST_BITS))
    return min((row.loss_nats, row.name) for row in rows if row.name not in ("optimal", "half-confidence"))
