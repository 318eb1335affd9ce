"""The bits that an AUC proves, against convex programming's own answer and laws that reach or exceed them."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.stats import norm

from bitsperfact.theory import least_bits_of_auc
from bitsperfact.units import nats_to_bits


@pytest.mark.parametrize("auc", [0.5001, 0.52, 0.6, 0.75, 0.9, 0.99, 0.999])
def test_it_is_the_nearest_law_to_the_uniform_one_with_that_mean(auc):
    """On a fine grid of ranks the minimiser is exp(s u), whose slope s is found by its mean alone."""
    u = (np.arange(400_000) + 0.5) / 400_000

    def law(slope):
        return np.exp(slope * u - logsumexp(slope * u))

    slope = brentq(lambda s: law(s) @ u - auc, 0, 5000)
    p = law(slope)
    divergence = nats_to_bits(p @ (slope * u - logsumexp(slope * u)) + np.log(u.size))
    assert least_bits_of_auc(auc) == pytest.approx(divergence, rel=1e-4)


@pytest.mark.parametrize("shift", [0.1, 0.3, 1.0, 3.0])
def test_gaussian_shifts_cost_more_and_near_the_middle_hardly_more(shift):
    bits, least = nats_to_bits(shift**2 / 2), float(least_bits_of_auc(norm.cdf(shift / np.sqrt(2))))
    assert least < bits
    if shift <= 0.3:
        assert least > 0.94 * bits


def test_it_does_not_ask_for_direction_and_grows_to_infinity():
    auc = np.array([0.0, 0.2, 0.5, 0.8, 1.0])
    found = least_bits_of_auc(auc)
    np.testing.assert_allclose(found, found[::-1])
    assert found[2] == 0
    assert np.isinf(found[[0, -1]]).all()
    fine = least_bits_of_auc(np.r_[0.5 + np.geomspace(1e-9, 0.4, 200), 1 - np.geomspace(0.09, 1e-12, 50)])
    assert (np.diff(fine) > 0).all()
    assert least_bits_of_auc(0.5 + 1e-6) == pytest.approx(nats_to_bits(6e-12), rel=1e-4)


def test_no_auc_is_refused():
    with pytest.raises(ValueError, match="auc must lie in"):
        least_bits_of_auc(1.1)
