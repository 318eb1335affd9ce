import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.theory import excess_entropy_bits, memory_lower_bound, sparsity_check


def h(p):
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


@given(st.integers(2, 400), st.data())
def test_excess_entropy_by_exact_integers(u, data):
    n = data.draw(st.integers(1, u - 1))
    assert excess_entropy_bits(n, u) == pytest.approx(u * h(n / u) - math.log2(math.comb(u, n)), abs=1e-9)
    assert 0 < excess_entropy_bits(n, u) <= 0.5 * math.log2(8 * n)


def test_excess_entropy_where_stirling_takes_over():
    for n, u in ((999, 5000), (1001, 5000), (2000, 4000)):
        assert excess_entropy_bits(n, u) == pytest.approx(u * h(n / u) - math.log2(math.comb(u, n)), abs=1e-8)


def test_checked_values():
    assert excess_entropy_bits(1000, 10**6) == pytest.approx(6.308, abs=5e-4)
    bound = memory_lower_bound(1000, 10**6, [0, 1], [1 - 2**-8, 2**-8])
    assert bound.bits - bound.simple_bits == pytest.approx(6.483 - 6.308, abs=1e-3)


@pytest.mark.parametrize(("n", "u"), [(1, 2), (3, 7), (10, 1000), (1000, 10**9)])
def test_the_perfect_list_needs_exactly_its_entropy(n, u):
    """Storing the set costs log2 C(u, n) bits, and a perfect tester cannot do with less: the bound is tight."""
    bound = memory_lower_bound(n, u, [0, 1], [1, 0])
    log2_sets = (math.lgamma(u + 1) - math.lgamma(n + 1) - math.lgamma(u - n + 1)) / math.log(2)
    assert bound.bits == pytest.approx(log2_sets, rel=1e-6)
    assert bound.simple_bits <= bound.bits


def test_nothing_known_costs_nothing():
    assert memory_lower_bound(5, 100, [0.5, 0.5], [0.5, 0.5]).bits == 0


def test_sparse_is_a_matter_of_p():
    channel = ([0, 1], [1 - 2**-8, 2**-8])
    assert sparsity_check(1, 10**6, *channel).is_sparse
    dense = sparsity_check(1000, 10**5, *channel)
    assert not dense.is_sparse
    assert dense.p == 0.01
    assert (dense.divergence_bits, dense.membership_bits) == pytest.approx((8.0, 6.895), abs=5e-4)
    assert sparsity_check(1000, 10**5, *channel, tolerance=0.2).is_sparse


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: memory_lower_bound(0, 10, [1.0], [1.0]), "n must lie strictly between 0 and u = 10, got 0"),
        (lambda: excess_entropy_bits(10, 10), "n must lie strictly between 0 and u = 10, got 10"),
        (lambda: sparsity_check(0, 5, [1.0], [1.0]), "n must lie strictly between 0 and u = 5, got 0"),
        (lambda: sparsity_check(1, 5, [1.0], [1.0], 1.0), "tolerance must lie strictly between 0 and 1"),
        (lambda: sparsity_check(1, 10, [[1.0]], [1.0]), "mu_fact and mu_nonfact must be one distribution each"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
