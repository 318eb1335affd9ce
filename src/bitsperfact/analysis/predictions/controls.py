"""Checks of control sets: patterns show without memory, random facts nowhere."""

import math
from collections.abc import Iterator
from dataclasses import replace

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict, figure
from bitsperfact.analysis.sharing import HALF_WIDTH, shared
from bitsperfact.analysis.status import above, judged
from bitsperfact.tables import PATTERN_MODEL, Status
from bitsperfact.theory import least_bits_of_auc

#: An ordinary set counts as free of patterns while they explain at most this share of the best model's bits.
MOST_EXPLAINED = 0.1
#: Bits per fact that count as none.
NO_BITS = 0.5
#: How much of a cell's error its AUC and its bits may use up: an AUC sees small shifts, bits see what shifts no
#: ranks.
_AUC_SHARE, _BITS_SHARE = 0.9, 0.1
#: Where all is well controls lie exactly at the value that refutes them, without a tolerance on the way, so that
#: models and the text alone share one error over a run's random controls, too.
_MODELS_SHARE, _TEXT_SHARE = 0.9, 0.1


def without_memory(evidence: Evidence, key: Key, n_rows: int, share: float) -> Measured:
    """Bits per fact, with the better of two lower ends: resampled bits, and what the AUC alone proves.

    Near 0 bits are quadratic in the distance of two laws and their estimate drowns in noise that an AUC does not
    have (`theory.least_bits_of_auc`). Both ends together miss at a `share` (1) of the error of one row.
    """
    bits = shared(evidence.number(key, "bits_per_fact"), n_rows, share * _BITS_SHARE)
    auc = shared(_no_surer_than_ranks(evidence.maybe(key, "auc")), n_rows, share * _AUC_SHARE)
    if not (bits.known and auc.known and (auc.lower > 0.5 or auc.upper < 0.5)):
        return bits
    proved = float(least_bits_of_auc(auc.lower if auc.lower > 0.5 else auc.upper))
    lower = max(bits.lower, proved)
    return replace(bits, value=max(bits.value, lower), lower=lower, upper=max(bits.upper, lower))


def _no_surer_than_ranks(auc: Measured) -> Measured:
    """The AUC with an interval no narrower than that of ranks dealt at random, which resamples may fall short of.

    Its variance without any separation is (n + N + 1) / (12 n N) (Mann & Whitney 1947, Ann. Math. Stat. 18:50),
    less with ties. What entities share widens the resampled interval, which then counts.
    """
    n, N = auc.n_facts, auc.n_nonfacts
    if not (auc.known and math.isfinite(n + N)):
        return auc
    half = HALF_WIDTH * math.sqrt((n + N + 1) / (12 * n * N))
    return replace(
        auc, lower=min(auc.lower, max(0.0, auc.value - half)), upper=max(auc.upper, min(1.0, auc.value + half))
    )


def patterned_control(evidence: Evidence) -> Iterator[Verdict]:
    """Check per set how many bits its text alone gives away.

    `measured` is the pattern baseline's bits per fact. What is expected depends on the set's control:
    `patterned`: above 0, since its bits need no memory (`violated` if the interval lies at or below 0);
    `random`: 0, at most half a bit (`violated` above 0: the non-facts are marked by their text);
    `none`: at most a tenth of the best model's bits, by the interval's upper end. More is no violation, since the
    theory does not forbid patterns, but `undecided`: then only bits above the pattern are memory.
    """
    keys = list(evidence.cells())
    names = sorted({key.claim_set for key in keys})
    for claim_set in names:
        bits = [evidence.number(key, "bits_per_fact") for key in keys if key.claim_set == claim_set]
        pattern_key = Key(PATTERN_MODEL, claim_set, PATTERN_MODEL)
        control = evidence.claim_sets[claim_set].control
        pattern = (
            without_memory(evidence, pattern_key, len(names), _TEXT_SHARE)
            if control == "random"
            else shared(evidence.number(pattern_key, "bits_per_fact"), len(names))
        )
        predicted, status, reason = {"patterned": _patterned, "random": _random, "none": _ordinary}[control](
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
            kind="check",
        )


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
    status = _none(pattern)
    said = f"The text alone gives {pattern}"
    if status == "violated":
        return 0.0, status, f"A random control, but the text alone gives {pattern}: its non-facts are marked."
    if status == "undecided":
        return 0.0, status, f"{said}: too wide to say that facts and non-facts look alike."
    return 0.0, status, f"{said}: facts and non-facts look alike."


def _none(bits: Measured) -> Status:
    """Nothing is expected: any bits above 0 refute that, and an interval beyond `NO_BITS` does not show it."""
    return "violated" if bits.lower > 0 else judged(bits.lower, bits.upper, float("-inf"), NO_BITS)


def _ordinary(pattern: Measured, bits: list[Measured]) -> tuple[float, Status, str]:
    best = max((number.value for number in bits if number.known), default=0.0)
    allowed = MOST_EXPLAINED * best
    said = f"The text alone gives {pattern}, the best model {figure(best)} bits"
    if pattern.known and best > 0 and pattern.upper <= allowed:
        return allowed, "consistent", f"{said}: patterns explain at most {100 * pattern.upper / best:.0f} %."
    return allowed, "undecided", f"{said}: part of it may be pattern, so read bits_above_pattern."


def no_bits_without_memory(evidence: Evidence) -> Iterator[Verdict]:
    """Check per model and score on random controls that facts which nobody could learn get no bits.

    `violated` if the interval lies above 0, by bits or by AUC (`without_memory`): the set or the score leaks,
    which says nothing about the theory. `consistent` if it ends below half a bit; else too few facts say anything.
    """
    keys = [key for key in evidence.cells() if evidence.claim_sets[key.claim_set].control == "random"]
    for key in keys:
        yield _memory_free(
            key, without_memory(evidence, key, len(keys), _MODELS_SHARE), evidence.maybe(key, "auc")
        )


def _memory_free(key: Key, bits: Measured, auc: Measured) -> Verdict:
    status = _none(bits)
    ranked = f" (AUC {auc})" if auc.known else ""
    reason = {
        "consistent": f"{bits} on facts that nobody could have learnt{ranked}: none.",
        "violated": f"{bits} on facts that nobody could have learnt{ranked}: the set or the score leaks.",
        "undecided": f"{bits} on facts that nobody could have learnt{ranked}: too wide to call it none.",
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
        kind="check",
    )
