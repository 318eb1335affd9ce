"""Whether what was measured of a model is what it has by construction."""

from collections.abc import Callable, Iterator

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict, figure
from bitsperfact.analysis.sharing import shared
from bitsperfact.analysis.status import agrees
from bitsperfact.tables import Status

#: Checks of a model by construction share one error: its bits, its hallucination rate, its memory.
SHARE = 1 / 3


def agreement(
    prediction: str, quantity: str, near: Callable[[float], tuple[float, float]]
) -> Callable[[Evidence], Iterator[Verdict]]:
    """Return a judge of whether a measured `quantity` is the known one.

    `violated` where the interval does not hold the known value, `consistent` where it does and lies within `near`
    of it: a wider interval supports nothing, nor does one without an upper end.
    """

    def judge(evidence: Evidence) -> Iterator[Verdict]:
        if evidence.known is None:
            return
        rows = evidence.known[evidence.known["quantity"] == quantity]
        values = {(str(row.model), str(row.claim_set)): float(str(row.value)) for row in rows.itertuples()}
        keys = [key for key in evidence.scored(quantity) if (key.model, key.claim_set) in values]
        for key in keys:
            known = values[key.model, key.claim_set]
            number = shared(evidence.number(key, quantity), len(keys), SHARE)
            status = agrees(number.lower, number.upper, known, *near(known))
            yield check(key, prediction, known, number, status)

    return judge


def check(key: Key, prediction: str, known: float, number: Measured, status: Status) -> Verdict:
    """Return the verdict of a check that holds a number against a known one."""
    reason = f"{number} against {figure(known)}."
    ends = number.value, number.lower, number.upper
    return Verdict(key.model, key.claim_set, key.score, prediction, known, *ends, status, reason, kind="check")
