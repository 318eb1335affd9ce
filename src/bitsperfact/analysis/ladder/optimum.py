"""Predictions of the optimum under log-loss: what networks at the plateau should do with the memory they have."""

from collections.abc import Callable, Iterator

import numpy as np

from bitsperfact import theory
from bitsperfact.analysis.evidence import Measured, Verdict
from bitsperfact.analysis.ladder.evidence import LadderEvidence, Said, summed_up, within
from bitsperfact.tables import POOLED, Status

#: Bits by which log2 of q x*/(1-x*), and of q between fact weights, may be off: a factor of 1.4.
FREE_BITS = 0.5
#: Shares of facts missed, and of claims abstained on, that count as none.
NONE = 0.02


def free_relation(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge q x*/(1-x*) = a/(1-a), in log2: no capacity enters, only the weight a of facts in the loss.

    The optimum of Guo & Li 2026 (arXiv 2602.00906) at any budget; half a bit off is allowed.
    """
    for architecture, objective, cells in evidence.ladders(None):
        if objective != "membership":
            continue
        for weight in sorted(float(a) for a in cells["fact_weight"].unique()):
            part = cells[cells["fact_weight"] == weight]
            ideal = float(np.log2(weight / (1 - weight)))
            said = []
            for name in part["cell"]:
                odds = evidence.number(name, "odds")
                status = within(ideal - FREE_BITS, ideal + FREE_BITS, odds.lower, odds.upper)
                said.append(Said(name, ideal, odds.value, odds.lower, odds.upper, status))
            meaning = f"log2 of q x*/(1-x*) at a = {weight:g}"
            found = summed_up(evidence, f"free_relation_a{weight:g}", architecture, objective, said, meaning)
            yield from found


def channel_shape(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge whether held-out scores look like the channel rather than like one of its rivals.

    `measured` is the total variation to the nearest channel; the status goes by the rival that foretells best, so
    that a law with more parameters wins only if it is ahead by two standard errors (`estimate.fit_channel`).
    """
    for architecture, objective, cells in evidence.ladders():
        said, winners = [], []
        for name in cells["cell"]:
            distance, winner = evidence.number(name, "channel_distance"), _winner(evidence, name)
            winners.append(winner)
            told: dict[str, Status] = {"channel": "consistent", "undecided": "undecided"}
            status = told.get(winner, "violated")
            said.append(Said(name, 0.0, distance.value, distance.lower, distance.upper, status))
        tally = ", ".join(f"{each} {winners.count(each)}" for each in sorted(set(winners)))
        meaning = f"total variation to the channel (shapes that foretell best: {tally})"
        yield from summed_up(evidence, "channel_shape", architecture, objective, said, meaning)


def _winner(evidence: LadderEvidence, cell: str) -> str:
    table = evidence.separation
    own = table[
        (table["model"] == cell) & (table["quantity"] == "channel_distance") & (table["stratum"] == POOLED)
    ]
    return str(own["estimator"].iloc[0]).rpartition("shape: ")[2]


def never_forgets(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that facts are not given up: the share beyond the threshold is at most 2 %."""
    yield from _at_most(evidence, "miss_rate", "never_forgets", "share of facts missed", NONE)


def never_abstains(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that scores do not gather in the middle: at most 2 % of claims, beside those that the channel puts
    there.

    The channel itself puts facts and hallucinations at x* = 1/(1+q), which lies below 3/4 where q > 1/3; such
    cells are left out.
    """

    def shown(cell: str) -> bool:
        return evidence.number(cell, "q_star").value < 1 / 3

    meaning = "share of claims with a posterior between 1/4 and 3/4"
    yield from _at_most(evidence, "abstention_mass", "never_abstains", meaning, NONE, shown)


def _at_most(
    evidence: LadderEvidence,
    quantity: str,
    prediction: str,
    meaning: str,
    most: float,
    shown: Callable[[str], bool] = lambda _: True,
) -> Iterator[Verdict]:
    for architecture, objective, cells in evidence.ladders():
        said = []
        for name in filter(shown, cells["cell"]):
            number = evidence.number(name, quantity)
            status = within(0.0, most, number.lower, number.upper)
            said.append(Said(name, 0.0, number.value, number.lower, number.upper, status))
        yield from summed_up(evidence, prediction, architecture, objective, said, meaning)


def best_strategy(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that the loss at the bits that a cell spends is below that of every other strategy that spends them.

    `predicted` is the optimum's loss, `measured` the cell's (nats); `violated` where some other strategy of
    `theory.strategies` (but half-confidence, which is another point of the same frontier) is surely better.
    """
    for architecture, objective, cells in evidence.ladders():
        if objective != "membership":
            continue
        said, beaten_by = [], []
        for name in cells["cell"]:
            bits, loss = evidence.number(name, "bits_per_fact"), evidence.number(name, "loss")
            each, better = _against_strategies(name, bits, loss)
            said.append(each)
            beaten_by += better
        tally = ", ".join(f"{each} in {beaten_by.count(each)}" for each in sorted(set(beaten_by)))
        meaning = "loss (nats) against other strategies at the same bits"
        meaning += f" (better: {tally})" if tally else " (none is better)"
        yield from summed_up(evidence, "best_strategy", architecture, objective, said, meaning)


def _against_strategies(cell: str, bits: Measured, loss: Measured) -> tuple[Said, list[str]]:
    if not np.isfinite([bits.value, loss.value]).all():
        return Said(cell, np.nan, np.nan, np.nan, np.nan, "undecided"), []
    rows = theory.strategies(max(bits.value, 0.0))
    rivals = [row for row in rows if row.name not in ("optimal", "half-confidence")]
    better = [row.name for row in rivals if row.loss_nats < loss.lower]
    status: Status = "violated" if better else "consistent"
    return Said(cell, rows[0].loss_nats, loss.value, loss.lower, loss.upper, status), better


def same_at_every_weight(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge that the weight of facts in the loss moves no hallucination: the bits at a are those at 1/2.

    At one memory the optimum has one q, whatever a (Guo & Li 2026, arXiv 2602.00906). `measured` is log2 of
    q(1/2) / q(a) for the same shape, facts and seed.
    """
    for architecture, objective, cells in evidence.ladders(None):
        if objective != "membership":
            continue
        keys = ["parameters", "n_facts", "seed"]
        even = cells[cells["fact_weight"] == 0.5].set_index(keys)["cell"].to_dict()
        said = []
        for row in cells[cells["fact_weight"] != 0.5].itertuples():
            other = even.get((row.parameters, row.n_facts, row.seed))
            if other is not None:
                said.append(_difference(evidence, str(row.cell), str(other)))
        meaning = "log2 of q at a = 1/2 over q at another weight"
        yield from summed_up(evidence, "same_at_every_weight", architecture, objective, said, meaning)


def _difference(evidence: LadderEvidence, cell: str, even: str) -> Said:
    own, other = evidence.number(cell, "q_star"), evidence.number(even, "q_star")
    if min(own.lower, other.lower) <= 0 or not own.known or not other.known:
        return Said(cell, 0.0, np.nan, np.nan, np.nan, "undecided")
    value = float(np.log2(other.value / own.value))
    spread = float(np.hypot(np.log2(own.upper / own.lower), np.log2(other.upper / other.lower)) / 2)
    lower, upper = value - spread, value + spread
    return Said(cell, 0.0, value, lower, upper, within(-FREE_BITS, FREE_BITS, lower, upper))
