"""Bits above pattern against laws of both whose bits are known: never more than the bits themselves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.analysis.measure import Sample, bits_above, quantities

N_FACTS, K, REPLICATES = 60, 8, 30


def sample_of(n_facts=N_FACTS, k=K):
    is_fact = np.arange(n_facts * (k + 1)) % (k + 1) == 0
    groups = np.repeat(np.arange(n_facts, dtype=np.int32), k + 1)
    return Sample(is_fact, ~is_fact, groups, 1e-3, 0, REPLICATES)


def channel(sample, q, seed, jitter=0.3):
    """Facts score high, non-facts with probability q: log2(1/q) bits."""
    rng = np.random.default_rng(seed)
    high = sample.facts | (rng.random(len(sample.facts)) < q)
    return np.where(high, 4.0, -4.0) + jitter * rng.standard_normal(len(high))


def measured(sample, values, pattern):
    found = {each.quantity: each for each in quantities(sample, values)}
    return found, bits_above(sample, values, pattern, found["bits_per_fact"])


rates = st.sampled_from([1.0, 0.5, 0.2, 0.02, 0.0])


@settings(max_examples=12, deadline=None)
@given(rates, rates, st.sampled_from([0.0, 0.3]), st.integers(0, 10**6))
def test_bits_above_pattern_never_exceed_the_bits(q, q_pattern, jitter, seed):
    sample = sample_of()
    found, above = measured(sample, channel(sample, q, seed, jitter), channel(sample, q_pattern, seed + 1, jitter))
    bits = found["bits_per_fact"]
    assert above.value <= bits.value
    assert above.lower <= min(bits.lower, above.value)
    assert above.value <= above.upper <= max(bits.upper, above.value)
    if above.resolution_limited:
        assert above.lower <= found["bits_certified"].value
    # The cell's bits may rest on more claims than the pattern was fitted to, and be lower.
    fewer = replace(bits, value=bits.value / 2, lower=bits.lower / 2, upper=bits.value / 2)
    above = bits_above(
        sample, channel(sample, q, seed, jitter), channel(sample, q_pattern, seed + 1, jitter), fewer
    )
    assert above.lower <= fewer.lower
    assert above.value <= fewer.value
    assert above.upper <= max(fewer.upper, above.value)


def test_a_pattern_below_zero_adds_nothing():
    """Unclipped, an estimate of no bits may be negative; to subtract it would lend the model bits."""
    sample = sample_of(200)
    values, low = channel(sample, 1 / 8, 1), 0
    for seed in range(2, 8):
        pattern = np.random.default_rng(seed).standard_normal(len(values))
        found, above = measured(sample, values, pattern)
        low += above.value == found["bits_per_fact"].value
    assert low > 1


def test_the_difference_is_that_of_the_laws():
    sample = sample_of(300, 12)
    _, above = measured(sample, channel(sample, 1 / 16, 1), channel(sample, 1 / 4, 2))
    assert not above.resolution_limited
    assert above.lower < 2 < above.upper * 1.06
    assert above.upper - above.lower < 1


def test_text_that_tells_more_leaves_less_than_nothing():
    sample = sample_of(300, 12)
    _, above = measured(sample, channel(sample, 1 / 4, 1), channel(sample, 1 / 16, 2))
    assert above.upper < 0


@pytest.mark.parametrize(("q_pattern", "truth"), [(1.0, 8.0), (1 / 4, 6.0)])
def test_an_unresolved_difference_is_bounded_by_the_certificate_less_the_patterns_upper_end(q_pattern, truth):
    """8 bits need 12,800 non-facts, and 2,000 are there: the estimate may be anything, the lower end holds."""
    for seed in range(5):
        sample = sample_of(200, 10)
        _, above = measured(sample, channel(sample, 2**-8, seed), channel(sample, q_pattern, seed + 9))
        assert above.resolution_limited
        assert truth - 5 < above.lower <= truth
        assert above.upper == np.inf
