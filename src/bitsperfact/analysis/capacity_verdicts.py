"""What all predictions of the capacity law have in common: a verdict per architecture and measure."""

from collections.abc import Callable, Iterator

import numpy as np

from bitsperfact.analysis.capacity import MEASURES, CapacityLaw, laws
from bitsperfact.analysis.evidence import Evidence, Verdict, figure
from bitsperfact.analysis.ladders import ladders_of
from bitsperfact.analysis.status import judged
from bitsperfact.tables import ALL_SETS

#: What a law says of one prediction: predicted, then measured with its ends among so many, what is allowed, why.
LawTest = tuple[float, tuple[float, float, float], tuple[float, float], str]


def law_verdicts(
    evidence: Evidence, name: str, tell: Callable[[CapacityLaw, int], LawTest], of_a_kind: int
) -> Iterator[Verdict]:
    """Yield a verdict per architecture and measure, on finished cells; others are told of, and decide nothing.

    `of_a_kind`: predictions that share one error; so do architectures and measures.
    """
    score = next((ladder.score for ladder in ladders_of(evidence).each(0.5, "membership")), "")
    finished = {(law.architecture, law.measure): law for law in laws(evidence)}
    everything = {(law.architecture, law.measure): law for law in laws(evidence, finished=False)}
    for key, law in everything.items():
        judged_on = finished.get(key)
        predicted, numbers, allowed, reason = tell(judged_on or law, of_a_kind * max(len(finished), 1))
        c = (judged_on or law).bits_per_parameter
        low, high = c.ends()
        reason = f"{MEASURES[law.measure]} = c P/n with c = {c.value:.2f} ({low:.2f} to {high:.2f}): {reason}"
        reason += (
            f"; {figure(numbers[1])} to {figure(numbers[2])}, allowed {figure(allowed[0])} to {figure(allowed[1])}"
        )
        if judged_on is None:
            numbers = numbers[0], np.nan, np.nan
            reason += f"; too few finished cells, {law.unfinished} unfinished decide nothing"
        elif law.unfinished:
            beside = tell(law, 1)[1][0]
            reason += f"; with {law.unfinished} unfinished cells {figure(beside)}"
        status = judged(*numbers[1:], *allowed)
        suffix = "" if law.measure == "q_star" else f"_{law.measure}"
        yield Verdict(
            law.architecture, ALL_SETS, score, f"{name}{suffix}", predicted, *numbers, status, f"{reason}."
        )
