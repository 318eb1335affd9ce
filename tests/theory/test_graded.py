import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import entr, rel_entr

from bitsperfact.theory import (
    channel_information,
    channel_is_optimal,
    graded_rate_distortion,
    log_loss_channel,
    rate_distortion,
)
from bitsperfact.theory.graded import graded_log_loss

GRID = np.linspace(0, 1, 101)


def losses_of(found, grades, rho, loss=graded_log_loss):
    """Mean losses over facts and over non-facts."""
    tables = np.stack([loss(g, found.scores) for g in grades])
    facts = np.where(found.mu_grades > 0, found.mu_grades * np.where(found.mu_grades > 0, tables, 0), 0).sum(
        axis=1
    )
    used = found.mu_nonfact > 0
    return float(rho @ facts), float(found.mu_nonfact[used] @ loss(0.0, found.scores)[used])


def blahut_arimoto(tables, labels, limits, rounds):
    """The textbook algorithm with each mean loss met in every round: an upper bound on I, in nats, that falls.

    `tables`: losses (labels, scores); `limits`: (rows of labels, limit) pairs.
    """
    output = np.full(tables.shape[1], 1 / tables.shape[1])
    for _ in range(rounds):
        laws = np.zeros_like(tables)
        for rows, limit in limits:

            def tilted(slope, rows=rows, output=output):
                law = output * np.exp(-slope * tables[rows])
                return law / law.sum(axis=1, keepdims=True)

            def excess(slope, rows=rows, limit=limit):
                mean = (tilted(slope) * tables[rows]).sum(axis=1)
                return labels[rows] @ mean / labels[rows].sum() - limit

            laws[rows] = tilted(brentq(excess, 0, 500) if excess(0) > 0 else 0.0)
        output = labels @ laws
    return float(labels @ rel_entr(laws, output).sum(axis=1))


@pytest.mark.parametrize("p", [0.0, 1e-12, 1e-6, 1e-3, 0.05])
def test_one_grade_is_the_hallucination_channel_at_that_density(p):
    expected = log_loss_channel(0.10, 0.05)
    assert channel_is_optimal(expected.x_star, expected.q_star, p)
    found = graded_rate_distortion([1.0], [1.0], p, 0.10, 0.05, np.append(GRID, expected.x_star))
    assert found.bits == pytest.approx(float(channel_information(expected.q_star, p)), abs=2e-6)
    assert found.grading_bits == pytest.approx(0, abs=1e-12)
    assert found.converged


@settings(max_examples=30)
@given(st.floats(0.02, 1.0), st.floats(0.01, 0.6), st.floats(1e-4, 0.9))
def test_the_channel_stays_optimal_exactly_where_its_confidence_reaches_the_posterior(eps_fact, eps_nonfact, p):
    channel = log_loss_channel(eps_fact, eps_nonfact)
    price = float(channel_information(channel.q_star, p))
    found = graded_rate_distortion([1.0], [1.0], p, eps_fact, eps_nonfact, np.append(GRID, channel.x_star))
    assert found.bits <= price + 1e-9
    # Just beyond the edge the saving is of second order, too small to see.
    posterior = p / (p + (1 - p) * channel.q_star)
    if channel_is_optimal(channel.x_star, channel.q_star, p) and channel.bits > 0:
        assert found.bits == pytest.approx(price, abs=2e-6)
    elif channel.x_star < 0.8 * posterior and channel.bits > 0:
        assert found.bits < price - 1e-6


def test_at_no_density_it_is_the_general_solver():
    def brier(g, x):
        return (g - x) ** 2

    found = graded_rate_distortion([1.0], [1.0], 0.0, 0.02, 0.01, GRID, loss=brier)
    expected = rate_distortion(lambda x: (1 - x) ** 2, lambda x: x**2, 0.02, 0.01, GRID)
    assert found.bits == pytest.approx(expected.bits, abs=2e-6)


@settings(max_examples=25)
@given(
    st.lists(st.floats(0.05, 1), min_size=1, max_size=4),
    st.sampled_from([0.0, 1e-9, 1e-4, 0.02, 0.5]),
    st.floats(0.02, 0.6),
    st.floats(1e-3, 0.4),
)
def test_the_laws_meet_both_losses_and_prove_the_rate(grades, p, room, eps_nonfact):
    grades = np.array(grades)
    rho = np.full(grades.size, 1 / grades.size)
    eps_fact = float(rho @ (entr(grades) + entr(1 - grades))) + room
    found = graded_rate_distortion(grades, rho, p, eps_fact, eps_nonfact, GRID)
    of_facts, of_nonfacts = losses_of(found, grades, rho)
    assert of_facts <= eps_fact * (1 + 1e-12)
    assert of_nonfacts <= eps_nonfact * (1 + 1e-12)
    assert found.converged
    assert found.gap_bits <= 1e-6
    assert found.bits <= found.membership_bits + found.grading_bits <= found.bits + found.gap_bits + 1e-12
    assert found.grading_bits <= float(entr(rho).sum()) / np.log(2) + 1e-9


@pytest.mark.parametrize("p", [0.4, 0.1])
def test_the_textbook_algorithm_comes_down_to_it(p):
    grid, grades, rho = np.linspace(0.01, 0.99, 12), np.array([0.5, 0.95]), np.array([0.4, 0.6])
    found = graded_rate_distortion(grades, rho, p, 0.55, 0.1, grid)
    tables = np.stack([graded_log_loss(g, grid) for g in (0.0, *grades)])
    labels = np.array([1 - p, *(p * rho)])
    limits = [(np.array([0]), 0.1), (np.array([1, 2]), 0.55)]
    slow = blahut_arimoto(tables, labels, limits, rounds=1500) / p / np.log(2)
    assert found.bits - 1e-9 <= slow <= found.bits + 2e-3


def test_low_grades_are_cheaper_and_grading_is_not_free():
    def rate(grades):
        rho = np.full(len(grades), 1 / len(grades))
        noise = float(rho @ (entr(np.array(grades)) + entr(1 - np.array(grades))))
        return graded_rate_distortion(grades, rho, 1e-3, noise + 0.05, 0.05, GRID)

    sure, doubtful, both = rate([1.0]), rate([0.3]), rate([0.3, 1.0])
    assert doubtful.bits < sure.bits
    assert sure.grading_bits == pytest.approx(0, abs=1e-9)
    assert 0 < both.grading_bits <= 1


def test_scores_that_nonfacts_must_never_get_are_used_at_finite_density():
    """At p = 1/2 the whole list costs h(p)/p = 2 bits, so any losses, however small, cost no more."""
    found = graded_rate_distortion([1.0], [1.0], 0.5, 1e-6, 1e-6, [0.0, 0.5, 1.0])
    assert found.converged
    assert found.bits == pytest.approx(2.0, abs=1e-3)
    assert found.bits <= 2.0


def test_what_has_not_converged_says_so():
    found = graded_rate_distortion([1.0], [1.0], 0.01, 0.1, 0.05, GRID, tolerance_bits=1e-14)
    assert not found.converged
    assert 1e-14 < found.gap_bits < 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grades": [1.2]}, r"grades must lie in \[0, 1\], got 1.2"),
        ({"rho": [0.5]}, "rho must sum to 1"),
        ({"rho": [0.5, 0.5]}, "rho must give each grade a share above 0"),
        ({"grades": [0.5, 1.0], "rho": [0.0, 1.0]}, "rho must give each grade a share above 0"),
        ({"p": 1.0}, r"p must lie in \[0, 1\), got 1"),
        ({"eps_fact": 0.0}, "eps_fact must be finite and exceed the least loss on the grid, 0.01"),
        (
            {"eps_nonfact": np.nan},
            "eps_nonfact must be finite and exceed the least loss on the grid, 0.105361; got nan",
        ),
        ({"grid": []}, "grid must hold at least one score"),
        ({"grid": [0.0]}, r"loss\(1, x\) must be finite for some score"),
        ({"loss": lambda g, x: -x}, r"loss\(1, x\) must not be negative"),
        ({"loss": lambda g, x: 1.0}, r"loss\(1, x\) must give one loss per score"),
        ({"tolerance_bits": 0.0}, "tolerance_bits must lie strictly between 0 and inf"),
    ],
)
def test_errors_name_the_argument_and_the_reason(change, message):
    arguments = {
        "grades": [1.0],
        "rho": [1.0],
        "p": 0.1,
        "eps_fact": 0.2,
        "eps_nonfact": 0.1,
        "grid": [0.1, 0.5, 0.99],
    }
    with pytest.raises(ValueError, match=message):
        graded_rate_distortion(**(arguments | change))
