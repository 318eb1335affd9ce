"""Bits where there are to be none: what their estimate and the order of scores say together."""

import math
from dataclasses import replace

from bitsperfact.analysis.evidence import Evidence, Key, Measured
from bitsperfact.analysis.sharing import HALF_WIDTH, shared
from bitsperfact.analysis.status import judged
from bitsperfact.tables import Status
from bitsperfact.theory import least_bits_of_auc

#: Bits per fact that count as none.
NO_BITS = 0.5
#: How much of a row's error its AUC and its bits may use up: an AUC sees small shifts, bits see what shifts no
#: ranks.
_AUC_SHARE, _BITS_SHARE = 0.9, 0.1
#: Where all is well controls lie exactly at the value that refutes them, without a tolerance on the way, so that
#: models and the text alone share one error over a run's random controls, too.
MODELS_SHARE, TEXT_SHARE = 0.9, 0.1


def without_memory(evidence: Evidence, key: Key, n_rows: int, share: float) -> Measured:
    """Return the bits per fact, with the better of two lower ends: resampled bits, and what the AUC alone proves.

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
    """Widen the AUC's interval to that of ranks dealt at random, which resamples may fall short of.

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


def judged_as_none(bits: Measured) -> Status:
    """Nothing is expected: any bits above 0 refute that, and an interval beyond `NO_BITS` does not show it."""
    return "violated" if bits.lower > 0 else judged(bits.lower, bits.upper, float("-inf"), NO_BITS)
