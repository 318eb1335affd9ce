import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.theory import (
    CONSTANTS,
    budget_optimum,
    capacity_law,
    lora_rank_needed,
    parameters_needed,
    published_constants,
)

ratio = st.floats(0.01, 100)


@given(ratio, st.floats(1, 1e9), st.floats(0.1, 5))
def test_parameters_invert_the_law(p_over_n, n, c):
    predicted = capacity_law(p_over_n * n, n, c)
    assert float(predicted.q) == pytest.approx(2 ** (-c * p_over_n))
    assert float(parameters_needed(predicted.q, n, c)) == pytest.approx(p_over_n * n)
    assert predicted == budget_optimum(c * (p_over_n * n) / n)


def test_log_of_q_is_linear_in_parameters_per_fact():
    q = capacity_law([1e6, 2e6, 4e6], 1e6, 3.6).q
    assert -np.log2(q) == pytest.approx([3.6, 7.2, 14.4])
    assert capacity_law(np.ones((3, 1)), np.ones(2)).q.shape == (3, 2)


@given(st.floats(1e-6, 0.9), st.integers(1, 10**7), st.integers(10, 10**7), st.floats(0.5, 4))
def test_the_rank_is_the_least_that_holds_the_facts(q, facts, per_rank, c):
    rank = lora_rank_needed(q, facts, per_rank, c)
    needed = float(parameters_needed(q, facts, c))
    assert rank * per_rank >= needed * (1 - 1e-9)
    assert rank == 1 or (rank - 1) * per_rank < needed


def test_a_rank_that_divides_exactly_is_not_rounded_up():
    assert lora_rank_needed(2**-9, 100, 30, 2.0) == 15


def test_no_memory_is_needed_to_accept_everything():
    assert parameters_needed(1.0, 1e6) == 0


def test_more_parameters_than_float64_can_show():
    assert float(capacity_law(1e300, 1.0).q) == 2.0**-1022


def test_published_constants():
    assert [c.bits_per_parameter for c in published_constants()] == [2.0, 3.6]
    assert all("arXiv" in c.source for c in published_constants())
    assert len(CONSTANTS) > 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: capacity_law(0, 1), "parameters must lie strictly between 0 and inf, got 0"),
        (lambda: capacity_law(1, -1), "facts must lie strictly between 0 and inf, got -1"),
        (lambda: capacity_law(1, 1, 0.0), "bits_per_parameter must lie strictly between 0 and inf"),
        (lambda: parameters_needed(1.5, 1), r"q must lie in \(0, 1\], got 1.5"),
        (lambda: parameters_needed(0.0, 1), "q must lie strictly between 0 and inf, got 0"),
        (lambda: lora_rank_needed(0.1, 10, 0), "parameters_per_rank must be a positive count, got 0"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
