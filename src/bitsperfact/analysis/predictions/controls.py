"""Predictions about control sets: patterns show without memory, random facts nowhere."""

from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict, figure
from bitsperfact.tables import PATTERN_MODEL, Status

#: An ordinary set counts as free of patterns while they explain at most this share of the best model's bits.
MOST_EXPLAINED = 0.1


def patterned_control(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per set how many bits its text alone gives away.

    `measured` is the pattern baseline's bits per fact. What is predicted depends on the set's control:
    `patterned`: above 0, since its bits need no memory (`violated` if the interval lies at or below 0);
    `random`: 0 (`violated` above it: the non-facts are marked by their text);
    `none`: at most a tenth of the best model's bits, by the interval's upper end. More is no violation, since the
    theory does not forbid patterns, but `undecided`: then only bits above the pattern are memory.
    """
    for claim_set, info in sorted(evidence.claim_sets.items()):
        bits = [evidence.number(key, "bits_per_fact") for key in evidence.cells() if key.claim_set == claim_set]
        if not bits:
            continue
        pattern = evidence.pattern_bits(claim_set)
        predicted, status, reason = {"patterned": _patterned, "random": _random, "none": _ordinary}[info.control](
            pattern, bits
        )
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
        )


def _patterned(pattern: Measured, _bits: list[Measured]) -> tuple[float, Status, str]:
    if not pattern.known:
        return 0.0, "undecided", "The pattern bits are unknown."
    if pattern.lower > 0:
        return 0.0, "consistent", f"The text alone gives {pattern}: this set's bits need no memory."
    status: Status = "violated" if pattern.upper <= 0 else "undecided"
    return 0.0, status, f"A patterned control, but the text alone gives {pattern}: no pattern found."


def _random(pattern: Measured, _bits: list[Measured]) -> tuple[float, Status, str]:
    if not pattern.known:
        return 0.0, "undecided", "The pattern bits are unknown."
    if pattern.lower > 0:
        return 0.0, "violated", f"A random control, but the text alone gives {pattern}: its non-facts are marked."
    return 0.0, "consistent", f"The text alone gives {pattern}: facts and non-facts look alike."


def _ordinary(pattern: Measured, bits: list[Measured]) -> tuple[float, Status, str]:
    best = max((number.value for number in bits if number.known), default=0.0)
    allowed = MOST_EXPLAINED * best
    said = f"The text alone gives {pattern}, the best model {figure(best)} bits"
    if pattern.known and best > 0 and pattern.upper <= allowed:
        return allowed, "consistent", f"{said}: patterns explain at most {100 * pattern.upper / best:.0f} %."
    return allowed, "undecided", f"{said}: part of it may be pattern, so read bits_above_pattern."


def no_bits_without_memory(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per model and score on random controls that facts which nobody could learn get 0 bits.

    `violated` if the whole 95 % interval lies above 0, which chance alone does to one cell in forty.
    """
    for key in evidence.cells():
        if evidence.claim_sets[key.claim_set].control == "random":
            yield _memory_free(key, evidence.number(key, "bits_per_fact"))


def _memory_free(key: Key, bits: Measured) -> Verdict:
    status: Status = "undecided" if not bits.known else "violated" if bits.lower > 0 else "consistent"
    reason = {
        "consistent": f"{bits} on facts that nobody could have learnt: the interval reaches 0.",
        "violated": f"{bits} on facts that nobody could have learnt: the set or the score leaks.",
        "undecided": "The bits per fact are unknown.",
    }[status]
    return Verdict(
        key.model,
        key.claim_set,
        key.score,
        "no_bits_without_memory",
        0.0,
        bits.value,
        bits.lower,
        bits.upper,
        status,
        reason,
    )
