"""Which failure scores show where they are no channel: a pure function of what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bitsperfact.estimate.bootstrap import Interval

Name = Literal["channel", "forgetting", "spreading", "abstaining", "over-accepting", "undecided"]

#: Shares of the facts that may look like non-facts: more is forgetting, and a channel is surely below the second.
FORGOTTEN, NOT_FORGOTTEN = 0.02, 0.1
#: AUC among accepted claims: surely above the first is spreading, and a channel is surely below the second.
TOLD_APART, NOT_TOLD_APART = 0.55, 0.67
#: Evenness surely below which facts are spread, whatever else there is.
EVEN = 0.9
#: Share of claims between fact and non-fact that is abstaining.
ABSTAINED = 0.02
#: Non-facts accepted with nearly all facts, over 2^-bits, that are over-accepting.
TOO_MANY = 1.25
#: Bits per fact below which nothing is told: facts that are not known have no shape.
KNOWN = 0.2


@dataclass(frozen=True)
class Signature:
    """What the scores show, and the measured figures that say so (lower and upper ends of their intervals)."""

    name: Name
    reason: str


def signature(measured: Mapping[str, Interval]) -> Signature:
    """Tell the failures of a membership tester apart, each where the intervals leave no doubt (derived here).

    In this order, the first that holds:

    - `undecided` where bits per fact may be below `KNOWN`.
    - `abstaining`: a middle score for "I do not know", which facts and non-facts get. The laws of two peaks and
      less (smooth, channel, forgetting) are surely behind, and either the posterior is surely in [1/4, 3/4] for
      more than `ABSTAINED` of the claims, though the median fact's is surely above; or (looked at last, few claims
      do not tell a posterior) nearly all facts cost surely more non-facts than 2^-bits, and what is accepted
      first is no worse than what is accepted: the further peak lies below.
    - `spreading`: bits are spent unevenly on what is known. The AUC among accepted claims is surely above .55; but
      where the laws of two peaks are surely behind, a further peak of non-facts may be what it sees, and evenness
      must surely be below `EVEN`, too.
    - `forgetting`: what is known is known alike, but some facts look like non-facts: surely more than `FORGOTTEN`,
      or surely some where the channel is surely behind.
    - `over-accepting`: facts are not forgotten, but a threshold low enough for nearly all of them surely passes
      more than `TOO_MANY` times the 2^-bits that the optimum would, the laws of two peaks are surely behind, and
      accepted non-facts surely score above accepted facts: a peak of non-facts above the facts or among them. One
      right below, which overlaps, costs few more than 2^-bits and is `undecided`.
    - `channel`: the forgotten share is surely below `NOT_FORGOTTEN`, the AUC among accepted claims surely between
      .33 and .67, and the channel not surely behind another law.

    Args: `measured`: intervals by quantity, of `bits_per_fact` (bits), `forgotten_share`, `auc_accepted`,
    `abstention_mass`, `x_star`, `evenness`, `full_recall_rate` (1), and `behind_smooth`, `behind_channel` and
    `behind_forgetting` (nats per claim). Raises: KeyError where one is missing.
    """
    m = measured
    if not m["bits_per_fact"].lower > KNOWN:
        return Signature("undecided", _values(m, "bits_per_fact"))
    behind = {law: _surely(m[f"behind_{law}"]) for law in ("smooth", "channel", "forgetting")}
    between = m["abstention_mass"].lower > ABSTAINED and m["x_star"].lower > 0.75
    further_mode = all(behind.values())
    if between and further_mode:
        return Signature("abstaining", _values(m, "abstention_mass", "x_star", "behind_forgetting"))
    if m["auc_accepted"].lower > TOLD_APART and not (further_mode and m["evenness"].upper > EVEN):
        return Signature("spreading", _values(m, "auc_accepted", "evenness", "behind_smooth"))
    forgotten = m["forgotten_share"]
    if forgotten.lower > FORGOTTEN or (forgotten.lower > 0 and behind["channel"]):
        return Signature("forgetting", _values(m, "forgotten_share", "behind_channel"))
    kept, alike = forgotten.upper < NOT_FORGOTTEN, m["auc_accepted"].upper < NOT_TOLD_APART
    too_many = m["full_recall_rate"].lower > TOO_MANY * 2.0 ** -m["bits_per_fact"].lower
    not_worse = m["auc_accepted"].lower > 1 - NOT_TOLD_APART
    if kept and further_mode and too_many and m["auc_accepted"].upper < 0.5:
        return Signature("over-accepting", _values(m, "full_recall_rate", "bits_per_fact", "auc_accepted"))
    if kept and further_mode and too_many and not_worse:
        return Signature("abstaining", _values(m, "full_recall_rate", "bits_per_fact", "behind_forgetting"))
    if kept and alike and not_worse and not behind["channel"] and not too_many:
        return Signature("channel", _values(m, "forgotten_share", "auc_accepted", "behind_channel"))
    return Signature("undecided", _values(m, "forgotten_share", "auc_accepted", "behind_channel"))


def _surely(behind: Interval) -> bool:
    """Whether a law is behind by more than three standard errors: of several, one is behind by two by chance."""
    return behind.estimate > 1.5 * (behind.upper - behind.estimate)


def _values(measured: Mapping[str, Interval], *names: str) -> str:
    return ", ".join(f"{name} {measured[name].lower:.3g} to {measured[name].upper:.3g}" for name in names)
