"""Testers around one ribbon: the filter, the log-loss optimum, and two foils that waste the same memory."""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bitsperfact.testers._arguments import share
from bitsperfact.testers.hashing import Words
from bitsperfact.testers.protocol import SCORE_BITS, SEED_BITS, Filter, key_hashes, posterior
from bitsperfact.testers.ribbon import Ribbon, build_ribbon


@dataclass(frozen=True)
class RibbonTester(Filter):
    """One-sided filter: 1 for every key, and for a share `fpr` of non-keys; 0 for the others.

    The bound is log2(1 / fpr) bits per key (Guo & Li 2026, arXiv 2602.00906). A budget between two whole numbers
    of columns mixes both, which costs up to .086 bits: log2 of a mean exceeds the mean of log2.
    """

    ribbon: Ribbon
    seed: int
    answers: tuple[float, float] = (0.0, 1.0)
    forgotten: float = 0.0

    @classmethod
    def init(cls, keys: Iterable[Hashable], bits_per_key: float, seed: int = 0) -> Self:
        """See `Tester.init`."""
        hashed, budget_bits = key_hashes(keys, bits_per_key, seed)
        return cls(build_ribbon(hashed, budget_bits - SEED_BITS, seed), seed)

    def match(self, hashed: Words) -> NDArray[np.bool_]:
        """See `Filter.match`."""
        return self.ribbon.match(hashed)

    @property
    def memory_bits(self) -> int:
        """Bits of table, header, hash seed, and of answers other than 0 and 1."""
        scores = sum(answer not in {0.0, 1.0} for answer in self.answers)
        return self.ribbon.memory_bits + SEED_BITS + SCORE_BITS * scores

    @property
    def fnr(self) -> float:
        """Share of keys that do not match (1): forgotten ones, unless they match by chance."""
        return self.forgotten * (1 - self.fpr)

    @property
    def fpr(self) -> float:
        """Share of non-keys that match, in expectation (1)."""
        return self.ribbon.fpr


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


class Abstainer(Forgetter):
    """Foil: forgets like `Forgetter`, and answers 1/2 wherever nothing matches."""

    @staticmethod
    def _confidences(fnr: float, fpr: float, fact_weight: float) -> tuple[float, float]:
        return 0.5, posterior(1 - fnr, fpr, fact_weight)
