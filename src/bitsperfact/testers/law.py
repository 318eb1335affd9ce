"""What is known of a tester beforehand, to hold measurements against."""

from dataclasses import dataclass

from bitsperfact.constants import RECALL
from bitsperfact.testers._arguments import share
from bitsperfact.testers.protocol import Tester
from bitsperfact.theory import two_sided_filter_bits


@dataclass(frozen=True)
class Law:
    """Exact properties of a tester, to hold estimates against.

    `bits_per_fact`: KL between its answers to keys and to non-keys (bits). `hallucination_rate`: least share of
    non-keys accepted where `recall` of the keys are (1, in [0, 1]). `memory_bits`: memory per key (bits), which
    no estimate of `bits_per_fact` may exceed.
    """

    bits_per_fact: float
    hallucination_rate: float
    memory_bits: float


def law_of(tester: Tester, n_keys: int, recall: float = RECALL) -> Law:
    """Return the law of a tester with two answers that stores `n_keys` keys.

    Both answers are told apart, so the divergence is KL(Bern(1 - fnr) || Bern(fpr)) (Guo & Li 2026, arXiv
    2602.00906). A threshold between the answers accepts a share 1 - fnr of the keys; where that is less than
    `recall` (in (0, 1)), only the threshold below both will do, and it accepts everything.
    """
    enough = 1 - tester.fnr >= share("recall", recall)
    return Law(
        bits_per_fact=float(two_sided_filter_bits(tester.fnr, tester.fpr)),
        hallucination_rate=tester.fpr if enough else 1.0,
        memory_bits=tester.memory_bits / n_keys,
    )
