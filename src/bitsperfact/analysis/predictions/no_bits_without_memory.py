"""Check: facts that cannot have been learnt get no bits."""

from collections.abc import Iterator

from bitsperfact.analysis.evidence import Evidence, Key, Measured, Verdict
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.without_memory import MODELS_SHARE, judged_as_none, without_memory


def no_bits_without_memory(evidence: Evidence) -> Iterator[Verdict]:
    """Check per model and score that there are no bits where there is no memory of the facts.

    That is on random controls, whose facts nobody could learn, and of networks before training anywhere.

    `violated` if the interval lies above 0, by bits or by AUC (`without_memory`): the set or the score leaks,
    which says nothing about the theory. `consistent` if it ends below half a bit; else too few facts say anything.
    """
    keys = [key for key in evidence.scored() if _is_without(evidence, key)]
    for key in keys:
        yield _memory_free(key, without_memory(evidence, key, len(keys), MODELS_SHARE), evidence.maybe(key, "auc"))


def _is_without(evidence: Evidence, key: Key) -> bool:
    return evidence.claim_sets[key.claim_set].control == "random" or evidence.models[key.model].memory_bits == 0


def _memory_free(key: Key, bits: Measured, auc: Measured) -> Verdict:
    status = judged_as_none(bits)
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


PREDICTION = Prediction(
    "no_bits_without_memory",
    "check",
    "all",
    "facts that cannot have been learnt get no bits",
    no_bits_without_memory,
    63,
)
