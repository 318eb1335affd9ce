import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.theory import kl_bits, log_loss_channel, rate_distortion, two_sided_filter_bits

GRID = np.linspace(0, 1, 401)


def log_loss_of_fact(x):
    with np.errstate(divide="ignore"):
        return -np.log(x)


def log_loss_of_nonfact(x):
    with np.errstate(divide="ignore"):
        return -np.log1p(-x)


@settings(max_examples=25)
@given(st.floats(0.01, 0.5), st.floats(0.001, 0.3))
def test_log_loss_gives_the_hallucination_channel(eps_fact, eps_nonfact):
    expected = log_loss_channel(eps_fact, eps_nonfact)
    # The grid must hold the score that the theorem asks for.
    grid = np.append(GRID, expected.x_star)
    found = rate_distortion(log_loss_of_fact, log_loss_of_nonfact, eps_fact, eps_nonfact, grid)
    assert found.bits == pytest.approx(expected.bits, abs=1e-6)
    assert found.mu_nonfact[found.scores > 0].sum() == pytest.approx(expected.q_star, rel=1e-3)


@given(st.floats(1e-6, 0.5), st.floats(1e-9, 0.3))
def test_two_scores_are_enough_for_it(eps_fact, eps_nonfact):
    """Also where the only score that meets the facts' loss misses it by rounding."""
    expected = log_loss_channel(eps_fact, eps_nonfact)
    found = rate_distortion(
        log_loss_of_fact, log_loss_of_nonfact, eps_fact, eps_nonfact, [0.0, float(expected.x_star)]
    )
    assert found.bits == pytest.approx(float(expected.bits), abs=1e-6)
    assert found.gap_bits < 1e-9


@given(st.floats(0.01, 0.4), st.floats(0.001, 0.4))
def test_zero_one_loss_gives_the_two_sided_filter(fnr, fpr):
    found = rate_distortion(lambda x: 1 - x, lambda x: x, fnr, fpr, [0.0, 1.0])
    assert found.bits == pytest.approx(float(two_sided_filter_bits(fnr, fpr)), abs=1e-6)


@settings(max_examples=40)
@given(
    st.floats(0, 0.6), st.floats(0.001, 0.6), st.floats(0.3, 4), st.floats(0.3, 4), st.sampled_from([2, 7, 101])
)
def test_the_channel_meets_both_losses_and_proves_the_rate(eps_fact, eps_nonfact, power, other, points):
    """No duality gap: a channel that meets both losses costs what the dual says that none can undercut."""
    grid = np.linspace(0, 1, points)
    found = rate_distortion(lambda x: (1 - x) ** power, lambda x: x**other, eps_fact, eps_nonfact, grid)
    assert len(found.scores) <= 4
    assert found.mu_fact.sum() == pytest.approx(1, abs=1e-12)
    assert found.mu_nonfact.sum() == pytest.approx(1, abs=1e-12)
    assert found.mu_fact @ (1 - found.scores) ** power <= eps_fact + 1e-12
    assert found.mu_nonfact @ found.scores**other <= eps_nonfact + 1e-12
    assert float(kl_bits(found.mu_fact, found.mu_nonfact)) - found.bits <= 1e-9
    assert 0 <= found.gap_bits <= 1e-9


def test_a_tie_between_edges_is_mixed_exactly():
    """A middle score good enough to be on the hull at low slopes and not at high ones.

    In between lies a range of losses at one slope: neither edge meets them, only mixtures of three scores do.
    """
    d_fact, d_nonfact = np.array([1.0, 0.3, 0.0]), np.array([0.0, 0.1, 1.0])
    found = [
        rate_distortion(lambda x: d_fact, lambda x: d_nonfact, eps, 0.01, GRID[:3]) for eps in (0.1, 0.2, 0.3)
    ]
    for eps, f in zip((0.1, 0.2, 0.3), found, strict=True):
        assert f.scores.tolist() == GRID[:3].tolist()
        assert f.mu_fact @ d_fact == pytest.approx(eps, abs=1e-12)
        assert f.gap_bits < 1e-9
    # The rate is linear there: the slope is one, and it is the rate's.
    assert found[0].slope == pytest.approx(found[2].slope, rel=1e-12)
    rise = np.log(2) * np.diff([f.bits for f in found]) / 0.1
    assert rise == pytest.approx([-found[0].slope] * 2)


def test_general_convex_programming_agrees():
    """Against a primal interior-point solver that knows nothing of the dual, on 20 random pairs of losses."""
    rng, grid = np.random.default_rng(0), np.linspace(0, 1, 31)
    facts, nonfacts = cp.Variable(31), cp.Variable(31)
    d_fact, d_nonfact, eps_fact, eps_nonfact = cp.Parameter(31), cp.Parameter(31), cp.Parameter(), cp.Parameter()
    limits = [
        cp.sum(facts) == 1,
        cp.sum(nonfacts) == 1,
        facts @ d_fact <= eps_fact,
        nonfacts @ d_nonfact <= eps_nonfact,
    ]
    problem = cp.Problem(cp.Minimize(cp.sum(cp.rel_entr(facts, nonfacts))), limits)
    for _ in range(20):
        tables = np.sort(rng.random((2, 31)), axis=1)
        d_fact.value, d_nonfact.value = tables[0, ::-1] - tables[0, 0], tables[1] - tables[1, 0]
        eps_fact.value, eps_nonfact.value = rng.uniform(0.05, 0.5, 2)
        problem.solve(solver=cp.CLARABEL)
        found = rate_distortion(
            lambda x: d_fact.value, lambda x: d_nonfact.value, eps_fact.value, eps_nonfact.value, grid
        )
        # Its own optimum, since `value` evaluates rel_entr where rounding has left masses below 0.
        assert found.bits == pytest.approx(problem.solution.opt_val / np.log(2), abs=1e-5)
        assert found.gap_bits < 1e-9


def test_easy_losses_cost_nothing_and_the_answer_meets_them():
    found = rate_distortion(lambda x: 1 - x, lambda x: x, 0.6, 0.5, [0.0, 1.0])
    assert found.bits == 0
    assert found.mu_fact == pytest.approx(found.mu_nonfact, abs=1e-5)
    assert found.mu_fact @ (1 - found.scores) <= 0.6


def test_a_loss_of_nothing_is_allowed():
    found = rate_distortion(lambda x: 1 - x, lambda x: x, 0.0, 0.01, [0.0, 1.0])
    assert found.bits == pytest.approx(np.log2(100))
    assert np.isinf(found.slope)
    assert found.mu_fact @ (1 - found.scores) == 0
    assert found.gap_bits < 1e-9


def test_losses_of_any_size_and_offset():
    """Rates do not change with the unit of a loss, nor with a constant added to it and to its limit."""
    plain = rate_distortion(lambda x: (1 - x) ** 2, lambda x: x**2, 0.02, 0.01, GRID)
    for unit, offset in ((1e-9, 0.0), (1e9, 0.0), (1.0, 5.0)):
        moved = rate_distortion(
            lambda x, u=unit, o=offset: u * (1 - x) ** 2 + o, lambda x: x**2, 0.02 * unit + offset, 0.01, GRID
        )
        assert moved.bits == pytest.approx(plain.bits, abs=1e-9)
        assert moved.gap_bits < 1e-9


def test_a_finer_grid_never_costs_more():
    rates = [
        rate_distortion(lambda x: (1 - x) ** 2, lambda x: x**2, 0.02, 0.01, np.linspace(0, 1, 10 * 2**k + 1)).bits
        for k in range(6)
    ]
    assert rates == sorted(rates, reverse=True)


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
        (lambda: rate_distortion(lambda x: 1 - x, lambda x: x, np.inf, 0, GRID), "eps_fact must be .* finite"),
        (lambda: rate_distortion(lambda x: 1 - x, lambda x: x, np.nan, 0, GRID), "eps_fact must be .* got nan"),
        (lambda: rate_distortion(lambda x: 1 - x, lambda x: x, 0.5, 0.0, GRID), "take infinite memory"),
        (lambda: rate_distortion(lambda x: 1 - x, lambda x: 1.0, 0.5, 0.0, GRID), "d_nonfact must give one loss"),
        (lambda: rate_distortion(lambda x: 1 - x, lambda x: x, 0.5, 0.0, []), "grid must hold at least one score"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
