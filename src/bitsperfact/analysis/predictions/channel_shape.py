"""Prediction: of the laws that scores may follow, the hallucination channel predicts them best."""

import math
from collections.abc import Iterator
from dataclasses import replace

from bitsperfact.analysis.evidence import UNKNOWN, Evidence, Key, Measured, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.shapes import ScoreShape, verdicts
from bitsperfact.analysis.sharing import shared

#: Nats per held-out claim by which a rival may be ahead.
MOST_NATS = 0.02
RIVALS = {"smooth": "spreading", "forgetting": "forgetting", "abstaining": "abstaining"}


def lag(evidence: Evidence, key: Key, n_rows: int) -> Measured:
    """How far the channel is behind the strongest rival, nats per held-out claim; negative where it is ahead.

    The table says how far each law is behind the best. If a rival is the best, the channel's row is the answer; if
    the channel is, the rival's, with its sign turned: its interval is that of the difference, where the channel's
    own row compares it with itself.
    """
    own = shared(evidence.maybe(key, "behind_channel"), n_rows, 1 / len(RIVALS))
    rivals = [shared(evidence.maybe(key, f"behind_{name}"), n_rows, 1 / len(RIVALS)) for name in RIVALS]
    if not (own.known and all(rival.known for rival in rivals)):
        return UNKNOWN
    if own.value > 0:
        return own
    value, lower, upper = (-min(getattr(r, end) for r in rivals) for end in ("value", "upper", "lower"))
    return replace(own, value=value, lower=lower, upper=upper)


def _obstacle(evidence: Evidence, key: Key, n_rows: int) -> str:
    """Return a rival with fewer parameters that does as well: two smooth peaks, which contain no channel."""
    if lag(evidence, key, n_rows).lower > MOST_NATS:
        return ""
    smooth = shared(evidence.maybe(key, "behind_smooth"), n_rows, 1 / len(RIVALS))
    return "" if smooth.lower > 0 else "two smooth peaks may do as well"


_SHAPE = ScoreShape(
    "channel_shape",
    0.0,
    -math.inf,
    MOST_NATS,
    "nats per held-out claim by which the channel is behind the best other law",
    "another law predicts the scores better",
    lag,
    _obstacle,
)


def channel_shape(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model, set and score that no rival law predicts held-out scores better: by at most 0.02 nats.

    `consistent` also asks that two smooth peaks without a channel do surely worse. Rivals contain the channel and
    bend it: `forgetting`, `abstaining`; the reason of a violation names the one ahead. The channel is the optimum
    of Guo & Li 2026 (arXiv 2602.00906); the laws are `estimate.fit_channel`'s.
    """
    for verdict in verdicts(evidence, _SHAPE):
        if verdict.status != "violated":
            yield verdict
            continue
        key = Key(verdict.model, verdict.claim_set, verdict.score)
        best = min(RIVALS, key=lambda name: evidence.maybe(key, f"behind_{name}").value)
        yield replace(verdict, reason=f"{verdict.reason[:-1]}, that of {best} scores: {RIVALS[best]}.")


PREDICTION = Prediction(
    "channel_shape",
    "evidence",
    "models",
    "no other law predicts held-out scores better than the channel",
    channel_shape,
    7,
)
