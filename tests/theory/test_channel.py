import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from bitsperfact.theory import budget_optimum, effective_bits, hallucination_odds, kl_bits, log_loss_channel


@given(st.floats(0.01, 3), st.floats(0.01, 3))
def test_the_channel_meets_both_losses_with_its_bits(eps_fact, eps_nonfact):
    channel = log_loss_channel(eps_fact, eps_nonfact)
    x, q = channel.x_star, channel.q_star
    assert -np.log(x) == pytest.approx(eps_fact)
    assert -q * np.log1p(-x) <= eps_nonfact * (1 + 1e-9)
    assert kl_bits([0, 1], [1 - q, q]) == pytest.approx(channel.bits, abs=1e-9)
    constant_suffices = np.exp(-eps_fact) + np.exp(-eps_nonfact) <= 1
    assert (channel.bits == 0) == constant_suffices or channel.bits < 1e-9


@given(st.floats(0.01, 40), st.floats(0.01, 0.99))
def test_no_other_confidence_has_less_loss(bits, a):
    q = 2.0**-bits
    # In the logit of x, so that the search is as fine near 1 as near 1/2.
    found = minimize_scalar(lambda z: a * np.logaddexp(0, -z) + (1 - a) * q * np.logaddexp(0, z), bounds=(-60, 60))
    optimum = budget_optimum(bits, a)
    assert float(optimum.loss_nats) <= found.fun * (1 + 1e-9)
    assert float(optimum.loss_nats) == pytest.approx(found.fun, rel=1e-6)
    odds = a / (1 - a) / q
    assert float(optimum.x_star) == pytest.approx(odds / (1 + odds))


@given(st.lists(st.floats(0, 30), min_size=1, max_size=5), st.floats(0.01, 0.99))
def test_no_constant_enters_the_odds_of_the_optimum(bits, a):
    optimum = budget_optimum(bits, a)
    assert hallucination_odds(optimum.q, optimum.x_star) == pytest.approx(a / (1 - a), rel=1e-4)


def test_whole_arrays_of_losses():
    found = log_loss_channel([[0.1], [1e-9], [800.0]], [0.05, 0.7])
    assert found.bits.shape == found.x_star.shape == found.q_star.shape == (3, 2)
    assert found.bits[0, 1] == log_loss_channel(0.1, 0.7).bits
    assert (found.bits[2] == 0).all()
    assert hallucination_odds([0.5, 0.0], [0.5, 1.0]).tolist() == [0.5, np.inf]


def test_the_channel_and_the_budget_describe_one_optimum():
    optimum = budget_optimum(5.0)
    eps_fact = -np.log(optimum.x_star)
    eps_nonfact = -optimum.q * np.log1p(-optimum.x_star)
    channel = log_loss_channel(float(eps_fact), float(eps_nonfact))
    assert channel.bits == pytest.approx(5.0)
    assert 0.5 * (eps_fact + eps_nonfact) == pytest.approx(float(optimum.loss_nats))


@given(st.lists(st.floats(0, 900), min_size=1, max_size=5), st.floats(0.01, 0.99))
def test_effective_bits_invert_the_optimum(bits, a):
    losses = budget_optimum(bits, a).loss_nats
    assert effective_bits(losses, a) == pytest.approx(np.array(bits), rel=1e-6, abs=1e-5)


def test_effective_bits_at_the_ends():
    assert effective_bits([0.0, np.log(2), 5.0]) == pytest.approx([np.inf, 0.0, 0.0])
    assert effective_bits(0.1).shape == ()
    assert effective_bits(np.full((2, 3), 0.1)).shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_loss_channel(0.0, 0.1), "eps_fact must lie strictly between 0 and inf, got 0"),
        (lambda: log_loss_channel(0.1, float("nan")), "eps_nonfact must be a number, got NaN"),
        (lambda: log_loss_channel(0.1, np.inf), "eps_nonfact must lie strictly between 0 and inf, got inf"),
        (lambda: hallucination_odds(2.0, 0.5), r"q must lie in \[0, 1\], got 2"),
        (lambda: budget_optimum(-1), "bits must not be negative"),
        (lambda: budget_optimum(2000), "bits must be at most 1022"),
        (lambda: budget_optimum(1, 1.0), "fact_weight must lie strictly between 0 and 1"),
        (lambda: effective_bits(-0.1), "loss_nats must not be negative"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
