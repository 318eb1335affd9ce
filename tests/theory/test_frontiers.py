import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.theory import (
    bernoulli_kl_bits,
    budget_optimum,
    filter_frontier,
    kl_bits,
    log_loss_channel,
    loss_frontier,
    lowest_fpr,
    memory_lower_bound,
    rate_distortion,
    two_sided_filter_bits,
)

law = st.lists(st.floats(1e-6, 1.0), min_size=6, max_size=6).map(lambda v: np.array(v) / np.sum(v))


@given(st.floats(0.01, 40))
def test_every_pair_of_losses_needs_exactly_the_budget(bits):
    frontier = loss_frontier(bits)
    needed = log_loss_channel(frontier.eps_fact, frontier.eps_nonfact)
    assert needed.bits == pytest.approx(np.full(needed.bits.shape, bits), rel=1e-9)
    assert frontier.x_star == pytest.approx(needed.x_star)


@given(st.floats(0.5, 30), st.floats(0.05, 0.95))
def test_the_optimum_at_a_budget_is_the_best_point_of_its_frontier(bits, a):
    optimum = budget_optimum(bits, a)
    frontier = loss_frontier(bits)
    loss = a * frontier.eps_fact + (1 - a) * frontier.eps_nonfact
    assert loss.min() >= float(optimum.loss_nats) * (1 - 1e-9)
    if frontier.x_star.min() < optimum.x_star < frontier.x_star.max():
        assert loss.min() == pytest.approx(float(optimum.loss_nats), rel=0.01)


@given(st.floats(0.01, 40))
def test_every_pair_of_rates_needs_exactly_the_budget(bits):
    frontier = filter_frontier(bits, np.linspace(0, 0.95, 20))
    assert two_sided_filter_bits(frontier.fnr, frontier.fpr) == pytest.approx(np.full(20, bits), rel=1e-6)


def test_frontiers_of_several_budgets_at_once_fall_with_the_budget():
    budgets = np.arange(0.0, 12.0)[:, np.newaxis]
    rates, losses = filter_frontier(budgets), loss_frontier(budgets)
    assert rates.fpr.shape == rates.bits.shape == rates.fnr.shape == (12, 201)
    assert losses.eps_nonfact.shape == losses.x_star.shape == (12, 241)
    assert (np.diff(rates.fpr, axis=0) <= 0).all()
    assert (np.diff(losses.eps_nonfact, axis=0) < 0).all()
    # And along a frontier one error buys the other.
    assert (np.diff(rates.fpr, axis=1) <= 0).all()
    assert (np.diff(losses.eps_nonfact, axis=1) < 0).all()


@given(law, law)
def test_no_threshold_beats_the_divergence(mu_fact, mu_nonfact):
    """Data processing: the error rates of any threshold lie on or above the frontier at KL bits."""
    bits = float(kl_bits(mu_fact, mu_nonfact))
    fnr, fpr = np.cumsum(mu_fact)[:-1], 1 - np.cumsum(mu_nonfact)[:-1]
    assert (bernoulli_kl_bits(1 - fnr, fpr) <= bits + 1e-9).all()
    assert (lowest_fpr(bits, fnr) <= fpr + 1e-9).all()


@given(st.floats(0.01, 0.5), st.floats(0.01, 0.3), st.floats(1.01, 1.5))
def test_rates_fall_as_losses_are_allowed_to_rise(eps_fact, eps_nonfact, factor):
    def rate(of_facts, of_nonfacts):
        grid = np.linspace(0, 1, 21)
        return rate_distortion(lambda x: (1 - x) ** 2, lambda x: x**2, of_facts, of_nonfacts, grid).bits

    rates = rate(eps_fact, eps_nonfact), rate(eps_fact * factor, eps_nonfact), rate(eps_fact, eps_nonfact * factor)
    assert max(rates[1:]) <= rates[0] + 1e-12


@given(st.floats(0.1, 30), st.floats(0.1, 10), st.integers(2, 10**6))
def test_bounds_rise_with_the_bits(bits, more, n):
    def bound(b):
        return memory_lower_bound(n, 10**9, [0, 1], [1 - 2.0**-b, 2.0**-b])

    lower, upper = bound(bits), bound(bits + more)
    assert lower.bits <= upper.bits
    assert lower.simple_bits <= upper.simple_bits
    assert lower.simple_bits <= lower.bits


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: loss_frontier(-1.0), "bits must not be negative"),
        (lambda: loss_frontier(1.0, 0.0), "eps_fact must lie strictly between 0 and inf, got 0"),
        (lambda: filter_frontier(1.0, 1.5), r"fnr must lie in \[0, 1\], got 1.5"),
        (lambda: filter_frontier(np.nan), "bits must be a number, got NaN"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
