"""Checks of claim sets: patterns show without memory, and random facts have none."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict, figure
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import shared
from bitsperfact.analysis.status import above
from bitsperfact.analysis.without_memory import TEXT_SHARE, judged_as_none, without_memory
from bitsperfact.tables import PATTERN_MODEL, Status

#: An ordinary set counts as free of patterns while they explain at most this share of the best model's bits.
MOST_EXPLAINED = 0.1


def patterned_control(evidence: Evidence) -> Iterator[Verdict]:
    """Check per set how many bits its text alone gives away.

    `measured` is the pattern baseline's bits per fact. What is expected depends on the set's control:
    `patterned`: above 0, since its bits need no memory (`violated` if the interval lies at or below 0);
    `random`: 0, at most half a bit (`violated` above 0: the non-facts are marked by their text);
    `none`: at most a tenth of the best model's bits, by the interval's upper end. More is no violation, since the
    theory does not forbid patterns, but `undecided`: then only bits above the pattern are memory. Where no text is
    known, nothing is.
    """
    keys = list(evidence.scored())
    with_text = {key.claim_set for key in evidence.scored_text()}
    names = sorted({key.claim_set for key in keys} & with_text)
    for claim_set in names:
        bits = [evidence.number(key, "bits_per_fact") for key in keys if key.claim_set == claim_set]
        pattern_key = Key(PATTERN_MODEL, claim_set, PATTERN_MODEL)
        control = evidence.claim_sets[claim_set].control
        pattern = (
            without_memory(evidence, pattern_key, len(names), TEXT_SHARE)
            if control == "random"
            else shared(evidence.number(pattern_key, "bits_per_fact"), len(names))
        )
        judges = {"patterned": _patterned, "random": _random}
        predicted, status, reason = judges.get(control, _ordinary)(pattern, bits)
        yield Verdict(
            PATTERN_MODEL,
            claim_set,
            PATTERN_MODEL,
            "patterned_control",
            predicted,
            pattern.value,
            pattern.lower,
            pattern.upper,
            status,
            reason,
            kind="check",
        )
    for claim_set in sorted({key.claim_set for key in evidence.scored("bits_above_pattern")} - with_text):
        reason = "The text of these claims is not known: how many of their bits are pattern is unknown."
        unknown = np.nan, np.nan, np.nan, np.nan
        of_set = PATTERN_MODEL, claim_set, PATTERN_MODEL, "patterned_control"
        yield Verdict(*of_set, *unknown, "undecided", reason, kind="check")


def _patterned(pattern: Measured, _bits: list[Measured]) -> tuple[float, Status, str]:
    if not pattern.known:
        return 0.0, "undecided", "The pattern bits are unknown."
    status = above(pattern.lower, pattern.upper, 0.0)
    if status == "consistent":
        return 0.0, status, f"The text alone gives {pattern}: this set's bits need no memory."
    return 0.0, status, f"A patterned control, but the text alone gives {pattern}: no pattern found."


def _random(pattern: Measured, _bits: list[Measured]) -> tuple[float, Status, str]:
    if not pattern.known:
        return 0.0, "undecided", "The pattern bits are unknown."
    status = judged_as_none(pattern)
    reason = f"The text alone gives {pattern}"
    if status == "violated":
        return 0.0, status, f"A random control, but the text alone gives {pattern}: its non-facts are marked."
    if status == "undecided":
        return 0.0, status, f"{reason}: too wide to say that facts and non-facts look alike."
    return 0.0, status, f"{reason}: facts and non-facts look alike."


def _ordinary(pattern: Measured, bits: list[Measured]) -> tuple[float, Status, str]:
    best = max((number.value for number in bits if number.known), default=0.0)
    allowed = MOST_EXPLAINED * best
    reason = f"The text alone gives {pattern}, the best model {figure(best)} bits"
    if pattern.known and best > 0 and pattern.upper <= allowed:
        return allowed, "consistent", f"{reason}: patterns explain at most {100 * pattern.upper / best:.0f} %."
    return allowed, "undecided", f"{reason}: part of it may be pattern, so read bits_above_pattern."


PREDICTION = Prediction(
    "patterned_control", "check", "all", "the text alone gives away what it should", patterned_control, 62
)
