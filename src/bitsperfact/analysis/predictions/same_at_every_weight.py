"""Prediction: the weight of facts in the loss moves no hallucination."""

from collections.abc import Iterator

from bitsperfact.analysis.by_cell import CellResult, verdicts
from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.ladders import ladders_of
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import log2_ratio

#: Bits by which log2 of the ratio may be off: a factor of 1.4.
FREE_BITS = 0.5


def same_at_every_weight(evidence: Evidence) -> Iterator[Verdict]:
    """Judge that the bits at a are those at 1/2.

    At one memory the optimum has one q, whatever a (Guo & Li 2026, arXiv 2602.00906). `measured` is log2 of
    q(1/2) / q(a) for the same shape, facts and seed; half a bit off is allowed. Where the network at 1/2 had not
    reached its plateau there is nothing to compare with.
    """
    ladders = ladders_of(evidence)
    among = ladders.n_finished(None, "membership")
    for ladder in ladders.each(None, "membership"):
        keys, cells = ["parameters", "n_facts", "seed"], ladder.cells
        even = cells[(cells["fact_weight"] == 0.5) & cells["finished"].astype(bool)]
        others = even.set_index(keys)["model"].to_dict()
        each = []
        for row in cells[cells["fact_weight"] != 0.5].itertuples():
            other = others.get((row.parameters, row.n_facts, row.seed))
            if other is not None:
                shares = (ladders.shared(str(name), "q_star", among) for name in (other, row.model))
                each.append(CellResult(str(row.model), 0.0, log2_ratio(*shares), -FREE_BITS, FREE_BITS))
        meaning = "log2 of q at a = 1/2 over q at another weight"
        yield from verdicts(ladders, ladder, "same_at_every_weight", each, meaning)


PREDICTION = Prediction(
    "same_at_every_weight",
    "evidence",
    "cells",
    "at one memory as many non-facts are hallucinated whatever the weight of facts",
    same_at_every_weight,
    45,
)
