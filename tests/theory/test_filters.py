import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.theory import bernoulli_kl_bits, lowest_fpr, two_sided_filter_bits


def test_checked_value():
    assert float(two_sided_filter_bits(0.1, 0.01)) == pytest.approx(5.511925, abs=1e-6)


@given(st.floats(1e-12, 1))
def test_a_one_sided_filter_costs_log2_of_its_rate(fpr):
    assert float(two_sided_filter_bits(0.0, fpr)) == pytest.approx(-np.log2(fpr), abs=1e-12)
    assert float(lowest_fpr(-np.log2(fpr), 0.0)) == pytest.approx(fpr)


@given(st.floats(1e-3, 60), st.floats(0, 0.9))
def test_the_lowest_rate_spends_the_budget_exactly(bits, fnr):
    fpr = float(lowest_fpr(bits, fnr))
    assert 0 < fpr < 1 - fnr
    assert float(bernoulli_kl_bits(1 - fnr, fpr)) == pytest.approx(bits, rel=1e-6)


@pytest.mark.parametrize("bits", [1021.0, 1022.5, 1030.0, 1073.0])
def test_rates_below_what_float64_holds_in_full(bits):
    """Their last digits are missing, down to the least number, 2^-1074."""
    assert float(lowest_fpr(bits, 0.0)) == pytest.approx(2.0**-bits, rel=1e-9, abs=2.0**-1074)
    # At recall R the rate is near 2^-(bits / R): half the recall, half the bits.
    half = float(lowest_fpr(bits / 2, 0.5))
    assert half == pytest.approx(2.0 ** (-bits - 2), rel=1e-9, abs=2.0**-1074)


def test_the_ends():
    assert lowest_fpr([1074.0, 1076.0, 1e6, np.inf], 0.0).tolist() == [2.0**-1074, 0.0, 0.0, 0.0]
    assert lowest_fpr([1100.0, 1e300], [0.5, 1e-300]).tolist() == [0.0, 0.0]
    assert lowest_fpr([0.0, 5.0, 3000.0], [0.2, 1.0, 0.0]) == pytest.approx([0.8, 0.0, 0.0], abs=1e-300)
    assert two_sided_filter_bits([0.5, 0.5, 0.0], [0.5, 0.9, 0.0]).tolist() == [0.0, 0.0, np.inf]
    assert lowest_fpr(np.ones((3, 1)), np.zeros(2)).shape == (3, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_sided_filter_bits(1.1, 0.1), r"fnr must lie in \[0, 1\], got 1.1"),
        (lambda: two_sided_filter_bits(0.1, -0.1), r"fpr must lie in \[0, 1\]"),
        (lambda: lowest_fpr(-1.0, 0.1), "bits must not be negative"),
        (lambda: lowest_fpr(1.0, np.nan), "fnr must be a number, got NaN"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
