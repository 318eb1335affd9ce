"""The log-loss optimum in real memory: a ribbon with the best confidence for what matches."""

from collections.abc import Hashable, Iterable
from typing import Self

from bitsperfact.testers._arguments import share
from bitsperfact.testers.kinds.ribbon import RibbonTester
from bitsperfact.testers.protocol import SCORE_BITS, SEED_BITS, TesterKind, key_hashes, posterior
from bitsperfact.testers.ribbon import build_ribbon


class ScoreTester(RibbonTester):
    """The log-loss optimum in real memory: the hallucination channel with scores 0 and x*.

    x* = a / (a + (1 - a) q) with q the ribbon's share of matching non-keys and a = `fact_weight`: no other tester
    of this q has a lower weighted log-loss (see `bitsperfact.theory.budget_optimum`).
    """

    @classmethod
    def init(
        cls, keys: Iterable[Hashable], bits_per_key: float, seed: int = 0, *, fact_weight: float = 0.5
    ) -> Self:
        """See `Tester.init`; `fact_weight`: weight of facts in the loss, in (0, 1)."""
        share("fact_weight", fact_weight)
        hashed, budget_bits = key_hashes(keys, bits_per_key, seed)
        ribbon = build_ribbon(hashed, budget_bits - SEED_BITS - SCORE_BITS, seed)
        return cls(ribbon, seed, (0.0, posterior(1.0, ribbon.fpr, fact_weight)))


TESTER = TesterKind(ScoreTester.init)
