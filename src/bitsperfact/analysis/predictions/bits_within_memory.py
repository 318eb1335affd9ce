"""Theorem: no tester separates more bits per fact than it has memory."""

import math
from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Key, Verdict
from bitsperfact.analysis.known import SHARE, check
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.sharing import shared
from bitsperfact.analysis.status import judged

#: Bits of memory per fact beyond which nothing is judged: no sample of fewer than 2^64 non-facts shows so many.
MOST_MEMORY = 64.0


def bits_within_memory(evidence: Evidence) -> Iterator[Verdict]:
    """Check of each model whose memory is known that its bits per fact are at most memory_bits / n_facts.

    Guo & Li 2026 (arXiv 2602.00906): memory bounds the divergence of a set of n facts. Models with more than
    `MOST_MEMORY` bits per fact are left out, since nothing measured could exceed that, and models with none, which
    `no_bits_without_memory` judges. Where bits are a lower bound the check is violated or undecided.
    """
    keys = [key for key in evidence.ordinary() if 0 < _memory(evidence, key) <= MOST_MEMORY]
    for key in keys:
        memory, bits = _memory(evidence, key), shared(evidence.number(key, "bits_per_fact"), len(keys), SHARE)
        yield check(key, "bits_within_memory", memory, bits, judged(bits.lower, bits.upper, -math.inf, memory))


def _memory(evidence: Evidence, key: Key) -> float:
    """Memory per fact, bits; infinite where it is unknown."""
    memory = evidence.models[key.model].memory_bits
    return math.inf if memory is None else memory / evidence.claim_sets[key.claim_set].n_facts


PREDICTION = Prediction(
    "bits_within_memory", "check", "all", "bits per fact are at most the memory per fact", bits_within_memory, 72
)
