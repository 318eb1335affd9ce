import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from bitsperfact.theory import budget_optimum, effective_bits, kl_bits, log_loss_channel


def test_checked_values():
    channel = log_loss_channel(0.10, 0.05)
    assert channel.x_star == pytest.approx(0.904837, abs=1e-6)
    assert channel.q_star == pytest.approx(0.0212570, abs=1e-7)
    assert channel.bits == pytest.approx(5.555919, abs=1e-6)
    assert float(budget_optimum(8).x_star) == pytest.approx(0.9961089, abs=1e-7)
    assert float(budget_optimum(8).loss_nats) == pytest.approx(0.0127874, abs=1e-7)
    assert float(budget_optimum(3, 0.2).x_star) == pytest.approx(2 / 3)
    assert float(budget_optimum(3, 0.2).loss_nats) == pytest.approx(0.1909543, abs=1e-7)


def test_other_strategies_are_worth_what_was_checked():
    assert effective_bits([0.110, 0.175, 0.274]) == pytest.approx([4.14, 3.24, 2.29], abs=0.02)


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
        (lambda: log_loss_channel(0.1, float("nan")), "eps_nonfact must lie strictly"),
        (lambda: budget_optimum(-1), "bits must not be negative"),
        (lambda: budget_optimum(2000), "bits must be at most 1022"),
        (lambda: budget_optimum(1, 1.0), "fact_weight must lie strictly between 0 and 1"),
        (lambda: effective_bits(-0.1), "loss_nats must not be negative"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
