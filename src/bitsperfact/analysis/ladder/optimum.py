"""Predictions of the optimum under log-loss: what networks at the plateau should do with the memory they have."""

from collections.abc import Callable, Iterator

import numpy as np

from bitsperfact.analysis.evidence import Verdict
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.said import Said, verdicts
from bitsperfact.analysis.ladder.simultaneous import UNKNOWN, Ends, log2_ratio, widened

#: Bits by which log2 of q x*/(1-x*), and of q between fact weights, may be off: a factor of 1.4.
FREE_BITS = 0.5
#: Shares of facts missed, and of claims abstained on, that count as none.
NONE = 0.02


def free_relation(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge q x*/(1-x*) = a/(1-a), in log2: no capacity enters, only the weight a of facts in the loss.

    The optimum of Guo & Li 2026 (arXiv 2602.00906) at any budget; half a bit off is allowed. Cells with fewer than
    ten hallucinations decide nothing.
    """
    among = evidence.n_finished(None, "membership")
    for architecture, objective, cells in evidence.ladders(None, "membership"):
        for weight in sorted(float(a) for a in cells["fact_weight"].unique()):
            part = cells[cells["fact_weight"] == weight]
            ideal = float(np.log2(weight / (1 - weight)))
            each = [_odds(evidence, name, ideal, among) for name in part["model"]]
            meaning = f"log2 of q x*/(1-x*) at a = {weight:g}"
            yield from verdicts(evidence, f"free_relation_a{weight:g}", (architecture, objective), each, meaning)


def _odds(evidence: LadderEvidence, cell: str, ideal: float, among: int) -> Said:
    odds = evidence.number(cell, "odds")
    ends = UNKNOWN if odds.resolution_limited else widened(odds, among)
    return Said(cell, ideal, odds.value, *ends, ideal - FREE_BITS, ideal + FREE_BITS)


def never_forgets(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that facts are not given up: the share beyond the threshold is at most 2 %."""
    among = evidence.n_finished()

    def ends(cell: str) -> Ends:
        return evidence.share_of_facts(cell, "miss_rate", among)

    yield from _at_most(evidence, "miss_rate", "never_forgets", "share of facts missed", ends)


def never_abstains(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that scores do not gather in the middle: at most 2 % of claims, beside those that the channel puts
    there.

    The channel itself puts facts and hallucinations at x* = 1/(1+q), which lies below 3/4 where q > 1/3; such
    cells are left out.
    """
    among = evidence.n_finished()

    def shown(cell: str) -> bool:
        return evidence.number(cell, "q_star").value < 1 / 3

    def ends(cell: str) -> Ends:
        return widened(evidence.number(cell, "abstention_mass"), among, 0.0, 1.0)

    meaning = "share of claims with a posterior between 1/4 and 3/4"
    yield from _at_most(evidence, "abstention_mass", "never_abstains", meaning, ends, shown)


def _at_most(
    evidence: LadderEvidence,
    quantity: str,
    prediction: str,
    meaning: str,
    ends: Callable[[str], Ends],
    shown: Callable[[str], bool] = lambda _: True,
) -> Iterator[Verdict]:
    for architecture, objective, cells in evidence.ladders():
        each = [
            Said(name, 0.0, evidence.number(name, quantity).value, *ends(name), -np.inf, NONE)
            for name in filter(shown, cells["model"])
        ]
        yield from verdicts(evidence, prediction, (architecture, objective), each, meaning)


def same_at_every_weight(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that the weight of facts in the loss moves no hallucination: the bits at a are those at 1/2.

    At one memory the optimum has one q, whatever a (Guo & Li 2026, arXiv 2602.00906). `measured` is log2 of
    q(1/2) / q(a) for the same shape, facts and seed; half a bit off is allowed. Where the network at 1/2 had not
    reached its plateau there is nothing to compare with.
    """
    among = evidence.n_finished(None, "membership")
    for architecture, objective, cells in evidence.ladders(None, "membership"):
        keys = ["parameters", "n_facts", "seed"]
        even = cells[(cells["fact_weight"] == 0.5) & cells["finished"].astype(bool)]
        others = even.set_index(keys)["model"].to_dict()
        each = []
        for row in cells[cells["fact_weight"] != 0.5].itertuples():
            other = others.get((row.parameters, row.n_facts, row.seed))
            if other is not None:
                each.append(_difference(evidence, str(row.model), str(other), among))
        meaning = "log2 of q at a = 1/2 over q at another weight"
        yield from verdicts(evidence, "same_at_every_weight", (architecture, objective), each, meaning)


def _difference(evidence: LadderEvidence, cell: str, even: str, among: int) -> Said:
    shares = [
        (evidence.number(name, "q_star").value, evidence.share(name, "q_star", among)) for name in (even, cell)
    ]
    value, ends = log2_ratio(*shares[0], *shares[1])
    return Said(cell, 0.0, value, *ends, -FREE_BITS, FREE_BITS)
