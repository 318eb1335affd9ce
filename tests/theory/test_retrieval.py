import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from bitsperfact.theory import bernoulli_kl_bits, budget_optimum, effective_bits, retrieval_optimum

rate = st.floats(0.02, 0.98)


def stratum_loss(facts, nonfacts, bits):
    """Least loss of claims of these weights at `bits` per fact, from the optimum without retrieval."""
    total = facts + nonfacts
    return total * float(budget_optimum(bits, facts / total).loss_nats)


@given(st.floats(0, 20), rate, rate, rate)
def test_no_other_split_of_the_budget_loses_less(bits, r, f, a):
    def loss(log_ratio):
        share = 1 / (1 + np.exp(-log_ratio))
        hit = stratum_loss(a * r, (1 - a) * f, bits * share / r)
        return hit + stratum_loss(a * (1 - r), (1 - a) * (1 - f), bits * (1 - share) / (1 - r))

    found = retrieval_optimum(bits, r, f, a)
    searched = minimize_scalar(loss, bounds=(-40, 40), method="bounded", options={"xatol": 1e-9})
    assert float(found.loss_nats) <= searched.fun * (1 + 1e-9)
    assert float(found.loss_nats) == pytest.approx(searched.fun, rel=1e-4)
    spent = -r * np.log2(found.q_hit) - (1 - r) * np.log2(found.q_miss)
    assert float(spent) == pytest.approx(bits, abs=1e-9)
    assert max(found.q_hit, found.q_miss) <= 1


@given(st.floats(3, 20), rate, rate, rate)
def test_away_from_saturation_the_divergence_is_saved(bits, r, f, a):
    found = retrieval_optimum(bits, r, f, a)
    saved = float(bernoulli_kl_bits(r, f))
    if found.saturated:
        assert max(found.q_hit, found.q_miss) == 1
        assert float(found.bits_saved) <= saved + 1e-9
    else:
        assert float(found.bits_saved) == pytest.approx(saved, abs=1e-9)
        assert float(effective_bits(found.loss_nats, a)) == pytest.approx(bits + saved, abs=1e-5)
        assert float(found.x_hit) == pytest.approx(float(found.x_miss))


@given(st.floats(0, 20), rate, rate, rate)
def test_knowing_earlier_never_hurts_and_retrieval_neither(bits, r, f, a):
    writing = float(retrieval_optimum(bits, r, f, a).loss_nats)
    query = float(retrieval_optimum(bits, r, f, a, known="at query time").loss_nats)
    assert writing <= query * (1 + 1e-9)
    assert query <= float(budget_optimum(bits, a).loss_nats) * (1 + 1e-9)


def test_at_query_time_q_stays_and_scores_are_posteriors():
    found = retrieval_optimum([2.0, 8.0], 0.6, 0.1, 0.3, known="at query time")
    q = np.array([2.0**-2, 2.0**-8])
    assert (found.q == q).all()
    assert (found.bits_saved == 0).all()
    assert not found.saturated.any()
    assert found.x_hit == pytest.approx(0.3 * 0.6 / (0.3 * 0.6 + 0.7 * 0.1 * q))
    assert found.x_miss == pytest.approx(0.3 * 0.4 / (0.3 * 0.4 + 0.7 * 0.9 * q))


def test_saturation_on_either_side():
    hits = retrieval_optimum(0.5, 0.9, 0.01)
    assert hits.saturated
    assert float(hits.q_hit) == 1
    assert float(hits.q_miss) == pytest.approx(2**-5)
    misses = retrieval_optimum(0.5, 0.1, 0.99)
    assert misses.saturated
    assert (float(misses.q_miss), float(misses.q_hit)) == pytest.approx((1, 2**-5))


def test_retrieval_that_says_nothing_changes_nothing():
    found, plain = retrieval_optimum([0.0, 5.0], 0.3, 0.3, 0.4), budget_optimum([0.0, 5.0], 0.4)
    assert found.loss_nats == pytest.approx(plain.loss_nats)
    assert found.q_hit == pytest.approx(plain.q)
    assert found.bits_saved == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: retrieval_optimum(-1, 0.5, 0.5), "bits must not be negative"),
        (lambda: retrieval_optimum(2000, 0.5, 0.5), "bits must be at most 1022"),
        (lambda: retrieval_optimum(1, 1.0, 0.5), "hit_fact must lie strictly between 0 and 1, got 1"),
        (lambda: retrieval_optimum(1, 0.5, 0.0), "hit_nonfact must lie strictly between 0 and 1, got 0"),
        (lambda: retrieval_optimum(1, 0.5, 0.5, known="never"), 'known must be "at writing" or "at query time"'),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
