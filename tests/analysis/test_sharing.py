"""Intervals that hold together: their width, and how often any of many misses."""

import numpy as np
import pytest
from scipy.stats import beta, norm, t

from bitsperfact.analysis.evidence import UNKNOWN, Measured
from bitsperfact.analysis.sharing import log2_ratio, shared


def measured(value, lower, upper, unit="bits", n=np.inf):
    return Measured(value, lower, upper, unit, False, n, n)


def test_one_row_of_many_facts_keeps_its_interval():
    for number in (measured(3.0, 2.0, 5.0), measured(0.3, 0.2, 0.45, "1"), measured(1.0, 1.0, np.inf)):
        one = shared(number, 1)
        assert (one.value, one.lower, one.upper) == pytest.approx((number.value, number.lower, number.upper))


@pytest.mark.parametrize("n_rows", [2, 10, 100])
def test_arms_grow_by_the_ratio_of_quantiles(n_rows):
    wide = shared(measured(3.0, 2.0, 5.0), n_rows)
    ratio = norm.isf(0.025 / n_rows) / norm.isf(0.025)
    assert (3 - wide.lower, wide.upper - 3) == pytest.approx((ratio, 2 * ratio))
    few = shared(measured(3.0, 2.0, 5.0, n=6), n_rows)
    assert 3 - few.lower == pytest.approx(t.isf(0.025 / n_rows, 5) / norm.isf(0.025))


@pytest.mark.parametrize(("counts", "freedom"), [((6, 900), 5), ((900, 6), 5), ((2, 900), 1), ((1, 1), 1)])
def test_the_smaller_class_says_how_well_noise_is_known(counts, freedom):
    wide = shared(Measured(3.0, 2.0, 5.0, "bits", False, *counts), 1)
    assert 3 - wide.lower == pytest.approx(t.isf(0.025, freedom) / norm.isf(0.025))


@pytest.mark.parametrize("count", [0, 1, 5, 50, 99, 100])
@pytest.mark.parametrize("n_rows", [10, 100])
def test_shares_stay_shares_and_are_no_narrower_than_exact_ones(count, n_rows):
    """Clopper-Pearson at 95 %, widened, against Clopper-Pearson at the error of one row; .003 to spare."""

    def exact(error):
        low = beta.ppf(error, count, 101 - count) if count else 0.0
        return low, beta.isf(error, count + 1, 100 - count) if count < 100 else 1.0

    wide = shared(measured(count / 100, *exact(0.025), "1"), n_rows)
    low, high = exact(0.025 / n_rows)
    assert 0 <= wide.lower <= low + 0.003
    assert high - 0.003 <= wide.upper <= 1


def test_any_of_many_misses_in_one_run_of_twenty():
    """Twenty t-distributed means of eight values: by run, 5 %; by their own 95 % intervals it would be 85 %."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1000, 20, 8))
    mean, half = values.mean(-1), norm.isf(0.025) * values.std(-1, ddof=1) / np.sqrt(8)
    wider = 1 - shared(measured(0.0, -1.0, 1.0, n=8), 20).lower - 1
    missed = (np.abs(mean) > wider * half).any(axis=1).mean()
    assert missed < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)
    assert (np.abs(mean) > half).any(axis=1).mean() > 0.5


def test_what_is_unknown_stays_so_and_nonsense_is_refused():
    assert shared(UNKNOWN, 5) is UNKNOWN
    assert shared(measured(1.0, 0.5, np.inf), 5).upper == np.inf
    for n_rows, share in ((0, 1.0), (1, 0.0), (1, 1.5)):
        with pytest.raises(ValueError, match="n_rows must be at least 1"):
            shared(measured(1.0, 0.5, 2.0), n_rows, share)


def test_arms_of_a_ratio_are_those_of_both_shares_together():
    one, other = measured(0.25, 0.125, 0.5, "1"), measured(0.03125, 0.015625, 0.25, "1")
    ratio = log2_ratio(one, other)  # arms of 1 and 1 bits, and of 1 and 3
    assert (ratio.value, ratio.lower, ratio.upper) == pytest.approx((3, 3 - 10**0.5, 3 + 2**0.5))
    back = log2_ratio(other, one)
    assert (back.value, back.lower, back.upper) == pytest.approx((-ratio.value, -ratio.upper, -ratio.lower))
    for unknown in (measured(0.0, 0.0, 0.1, "1"), measured(0.1, 0.0, 0.2, "1"), measured(0.1, np.nan, 0.2, "1")):
        assert not log2_ratio(one, unknown).known
