import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from bitsperfact.theory import kl_bits, log_loss_channel, rate_distortion, two_sided_filter_bits

GRID = np.linspace(0, 1, 401)


def log_loss_of_fact(x):
    with np.errstate(divide="ignore"):
        return -np.log(x)


def log_loss_of_nonfact(x):
    with np.errstate(divide="ignore"):
        return -np.log1p(-x)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.5), st.floats(0.001, 0.3))
def test_log_loss_gives_the_hallucination_channel(eps_fact, eps_nonfact):
    expected = log_loss_channel(eps_fact, eps_nonfact)
    # The grid must hold the score that the theorem asks for.
    grid = np.append(GRID, expected.x_star)
    found = rate_distortion(log_loss_of_fact, log_loss_of_nonfact, eps_fact, eps_nonfact, grid)
    assert found.bits == pytest.approx(expected.bits, abs=1e-6)
    assert found.mu_nonfact[found.scores > 0].sum() == pytest.approx(expected.q_star, rel=1e-3)


@given(st.floats(0.01, 0.4), st.floats(0.001, 0.4))
def test_zero_one_loss_gives_the_two_sided_filter(fnr, fpr):
    found = rate_distortion(lambda x: 1 - x, lambda x: x, fnr, fpr, [0.0, 1.0])
    assert found.bits == pytest.approx(float(two_sided_filter_bits(fnr, fpr)), abs=1e-6)


def test_brier_loss_checked_value():
    found = rate_distortion(lambda x: (1 - x) ** 2, lambda x: x**2, 0.02, 0.01, np.linspace(0, 1, 2001))
    assert found.bits == pytest.approx(6.1888, abs=5e-5)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.005, 0.4), st.floats(0.005, 0.4), st.floats(0.5, 4))
def test_the_channel_attains_the_rate_and_meets_both_losses(eps_fact, eps_nonfact, power):
    def d_fact(x):
        return (1 - x) ** power

    def d_nonfact(x):
        return x**power

    found = rate_distortion(d_fact, d_nonfact, eps_fact, eps_nonfact, GRID)
    assert found.mu_fact.sum() == pytest.approx(1)
    assert found.mu_nonfact.sum() == pytest.approx(1)
    assert found.mu_nonfact @ d_nonfact(found.scores) <= eps_nonfact + 1e-9
    # Dual and primal meet: no duality gap, so neither can be improved.
    assert found.mu_fact @ d_fact(found.scores) <= eps_fact + 2e-3
    assert float(kl_bits(found.mu_fact, found.mu_nonfact)) == pytest.approx(found.bits, abs=0.02)


def test_general_optimisation_finds_nothing_cheaper():
    grid = np.linspace(0, 1, 6)
    found = rate_distortion(lambda x: (1 - x) ** 2, lambda x: x**2, 0.1, 0.05, grid)

    def softmax(v):
        return np.exp(v - v.max()) / np.exp(v - v.max()).sum()

    def rate(v):
        return float(kl_bits(softmax(v[:6]), softmax(v[6:])))

    limits = [
        {"type": "ineq", "fun": lambda v: 0.1 - softmax(v[:6]) @ (1 - grid) ** 2},
        {"type": "ineq", "fun": lambda v: 0.05 - softmax(v[6:]) @ grid**2},
    ]
    start = np.concatenate([np.linspace(-2, 2, 6), np.linspace(2, -2, 6)])
    primal = minimize(rate, start, method="SLSQP", constraints=limits, options={"maxiter": 500})
    assert primal.success
    assert found.bits == pytest.approx(primal.fun, abs=2e-3)


def test_easy_losses_cost_nothing_and_the_answer_meets_them():
    found = rate_distortion(lambda x: 1 - x, lambda x: x, 0.6, 0.5, [0.0, 1.0])
    assert found.bits == 0
    assert found.mu_fact == pytest.approx(found.mu_nonfact, abs=1e-5)
    assert found.mu_fact @ (1 - found.scores) <= 0.6


def test_a_loss_of_nothing_is_allowed():
    found = rate_distortion(lambda x: 1 - x, lambda x: x, 0.0, 0.01, [0.0, 1.0])
    assert found.bits == pytest.approx(np.log2(100))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rate_distortion(lambda x: x - 1, lambda x: x, 0.1, 0.1, GRID), "d_fact must not be negative"),
        (
            lambda: rate_distortion(lambda x: 1 - x, lambda x: x * np.nan, 0.1, 0.1, GRID),
            "d_nonfact must be a number",
        ),
        (
            lambda: rate_distortion(lambda x: 2 - x, lambda x: x, 0.5, 0.1, GRID),
            "eps_fact must be at least the least",
        ),
        (lambda: rate_distortion(lambda x: 1 - x, lambda x: x, 0.5, -1, GRID), "eps_nonfact must be at least"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
