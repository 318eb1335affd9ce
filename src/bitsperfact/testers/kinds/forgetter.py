"""A foil that wastes a ribbon's memory: some keys are forgotten, and the others get all of it."""

import math
from collections.abc import Hashable, Iterable
from typing import Self

import numpy as np

from bitsperfact.testers._arguments import share
from bitsperfact.testers.kinds.ribbon import RibbonTester
from bitsperfact.testers.protocol import SCORE_BITS, SEED_BITS, TesterKind, key_hashes, posterior
from bitsperfact.testers.ribbon import build_ribbon


class Forgetter(RibbonTester):
    """Foil: forgets a random share of the keys and spends the whole budget on the others.

    Each kept key gets b / (1 - f) bits, so fewer non-keys match; but forgotten keys are missed. Both answers are
    posteriors, never 0, because the log-loss of a forgotten key would be infinite.
    """

    @classmethod
    def init(
        cls,
        keys: Iterable[Hashable],
        bits_per_key: float,
        seed: int = 0,
        *,
        forgotten: float = 0.1,
        fact_weight: float = 0.5,
    ) -> Self:
        """See `Tester.init`; `forgotten`: share of keys, in (0, 1), rounded to whole keys; at least one stays."""
        share("forgotten", forgotten)
        share("fact_weight", fact_weight)
        hashed, budget_bits = key_hashes(keys, bits_per_key, seed)
        kept = math.ceil(len(hashed) * (1 - forgotten))
        random = np.random.default_rng(np.random.SeedSequence([seed, kept]))
        chosen = np.sort(random.permutation(len(hashed))[:kept])
        ribbon = build_ribbon(hashed[chosen], budget_bits - SEED_BITS - 2 * SCORE_BITS, seed)
        fnr = (1 - kept / len(hashed)) * (1 - ribbon.fpr)
        answers = cls._confidences(fnr, ribbon.fpr, fact_weight)
        return cls(ribbon, seed, answers, 1 - kept / len(hashed))

    @staticmethod
    def _confidences(fnr: float, fpr: float, fact_weight: float) -> tuple[float, float]:
        return posterior(fnr, 1 - fpr, fact_weight), posterior(1 - fnr, fpr, fact_weight)


TESTER = TesterKind(Forgetter.init)
