"""What is known of a tester beforehand."""

import math

import numpy as np
import pytest

from bitsperfact.testers import Forgetter, RibbonTester, TwoSidedTester, law_of


def test_the_law_of_a_filter_that_forgets_nothing():
    tester = RibbonTester.init(range(5_000), 6.0)
    law = law_of(tester, 5_000)
    assert law.bits_per_fact == pytest.approx(-math.log2(tester.fpr), rel=1e-12)
    assert law.hallucination_rate == tester.fpr
    assert law.memory_bits == tester.memory_bits / 5_000
    assert law.bits_per_fact < law.memory_bits <= 6.0


def test_the_law_of_a_two_sided_filter():
    tester = TwoSidedTester.init(range(5_000), 6.0, fnr=0.03, window=8)
    a, b = tester.fnr, tester.fpr
    assert law_of(tester, 5_000).bits_per_fact == pytest.approx(
        (1 - a) * np.log2((1 - a) / b) + a * np.log2(a / (1 - b)), rel=1e-12
    )
    assert law_of(tester, 5_000).hallucination_rate == b


def test_a_recall_out_of_reach_accepts_everything():
    tester = Forgetter.init(range(5_000), 8.0, forgotten=0.1)
    assert law_of(tester, 5_000, recall=0.95).hallucination_rate == 1
    assert law_of(tester, 5_000, recall=0.85).hallucination_rate == tester.fpr
    with pytest.raises(ValueError, match="recall"):
        law_of(tester, 5_000, recall=1.5)
