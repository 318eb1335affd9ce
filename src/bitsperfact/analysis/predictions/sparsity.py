"""Precondition: facts are so rare in the universe that the KL divergence is what they cost."""

from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Verdict, figure
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import shared
from bitsperfact.analysis.status import judged

LEAST_RATIO = 0.98


def sparsity(evidence: Evidence) -> Iterator[Verdict]:
    """Check per model, set and score whether F_p at the set's p is within 2 % of its limit, the KL divergence.

    A set that is not sparse fails a precondition and refutes nothing, so the status is `undecided`, never
    `violated`. Source: Guo & Li 2026, arXiv 2602.00906, F_p -> KL as p -> 0; the 2 % are this project's choice.
    """
    keys = evidence.whole()
    for key in keys:
        ratio, p = shared(evidence.number(key, "sparsity_ratio"), len(keys)), evidence.claim_sets[key.claim_set].p
        sparse = ratio.known and judged(ratio.lower, ratio.upper, LEAST_RATIO, float("inf")) == "consistent"
        gap = f"{100 * (1 - ratio.value):.1f} %" if ratio.known else "an unknown share"
        if ratio.known:
            gap += f" (at most {100 * (1 - ratio.lower):.1f} %)"
        reason = f"p = {figure(p)}: F_p is {gap} below KL" + (
            ", so KL is the cost of a fact." if sparse else ": read F_p (membership_information) instead of KL."
        )
        yield Verdict(
            key.model,
            key.claim_set,
            key.score,
            "sparsity",
            LEAST_RATIO,
            ratio.value,
            ratio.lower,
            ratio.upper,
            "consistent" if sparse else "undecided",
            reason,
            kind="check",
        )


PREDICTION = Prediction(
    "sparsity", "check", "all", "facts are so rare that the divergence is what they cost", sparsity, 60
)
