"""Prediction: only what stored the facts finds them."""

from collections.abc import Iterator

from bitsperfact.analysis.by_cell import CellResult, verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict, figure
from bitsperfact.analysis.ladders import Ladders, ladders_of
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import shared

#: Distance of the AUC from 1/2 up to which an interval still says "nothing": two equal normal laws of such an AUC
#: are a tenth of a bit apart.
NO_ORDER = 0.1


def no_bits_without_storing(evidence: Evidence) -> Iterator[Verdict]:
    """Judge that networks find no facts whose symbols were dealt anew among them.

    `measured` is the AUC, whose test sees .065 bits of a shift where the binned bits do not; predicted 1/2, a
    tenth off allowed: shuffled facts have the symbols of the facts at each place, which a network may have stored
    instead (networks cut short have: AUC .54). Networks before training are judged by `no_bits_without_memory`.
    """
    ladders = ladders_of(evidence)
    among = sum(len(ladder.cells) for ladder in ladders.each(None))
    for ladder in ladders.each(None):
        each = [_shuffled(ladders, name, among) for name in ladder.cells["model"]]
        yield from verdicts(ladders, ladder, "no_bits_without_storing", each, "AUC of shuffled facts")


def _shuffled(ladders: Ladders, cell: str, among: int) -> CellResult:
    order, bits = (ladders.beside(cell, name, "shuffled") for name in ("auc", "bits_per_fact"))
    note = f"; {figure(bits.value)} bits per fact"
    return CellResult(cell, 0.5, shared(order, max(among, 1)), 0.5 - NO_ORDER, 0.5 + NO_ORDER, note)


PREDICTION = Prediction(
    "no_bits_without_storing",
    "evidence",
    "cells",
    "facts that a network has not stored get no bits, though their symbols are those of stored ones",
    no_bits_without_storing,
    47,
)
