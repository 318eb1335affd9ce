"""Prediction: all in all, scores are those of the hallucination channel; if not, which failure they show."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import shared
from bitsperfact.estimate import Interval, signature
from bitsperfact.tables import Status

#: What `estimate.signature` reads of a cell.
READ = (
    *("bits_per_fact", "forgotten_share", "auc_accepted", "abstention_mass", "x_star", "evenness"),
    *("full_recall_rate", "behind_smooth", "behind_channel", "behind_forgetting"),
)


def channel_signature(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score which signature the scores show: the channel's, or that of a failure.

    Failures are forgetting, spreading, abstaining and over-accepting, as `estimate.signature` tells them apart
    by the cell's numbers; `violated` names the one. It sums up what the predictions beside it say one by one, and
    has no number of its own. The channel is the optimum of Guo & Li 2026 (arXiv 2602.00906). Cells whose bits per
    fact reach down to 0 are left out: where nothing is known nothing has a shape.
    """
    keys = evidence.ordinary()
    for key in keys:
        bits = evidence.number(key, "bits_per_fact")
        if bits.known and bits.lower > 0:
            yield _verdict(evidence, key, len(keys))


def _verdict(evidence: Evidence, key: Key, n_rows: int) -> Verdict:
    numbers = {name: shared(evidence.maybe(key, name), n_rows) for name in READ}
    # That something is known is no claim of this row, and the end of a certificate moves out otherwise.
    status, reason = _judged(numbers | {"bits_per_fact": evidence.number(key, "bits_per_fact")})
    unmeasured = (math.nan, math.nan, math.nan, math.nan)
    return Verdict(key.model, key.claim_set, key.score, "channel_signature", *unmeasured, status, reason)


def _judged(numbers: dict[str, Measured]) -> tuple[Status, str]:
    unknown = [name for name, number in numbers.items() if not number.known]
    if unknown:
        return "undecided", f"Not known well enough: {', '.join(unknown)}."
    found = signature({name: _interval(number) for name, number in numbers.items()})
    if found.name == "undecided":
        return "undecided", f"No signature is sure: {found.reason}."
    status: Status = "consistent" if found.name == "channel" else "violated"
    return status, f"{found.name[0].upper()}{found.name[1:]}: {found.reason}."


def _interval(number: Measured) -> Interval:
    n_facts, n_nonfacts = (0 if math.isinf(n) else int(n) for n in (number.n_facts, number.n_nonfacts))
    return Interval(number.value, number.lower, number.upper, n_facts, n_nonfacts, seed=0)


PREDICTION = Prediction(
    "channel_signature",
    "evidence",
    "models",
    "scores show the signature of the channel and of no failure",
    channel_signature,
    2,
)
