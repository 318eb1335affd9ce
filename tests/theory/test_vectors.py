"""The values of the theory, one test each: formulas against numbers worked out apart from the code."""

import math

import numpy as np
import pytest

from bitsperfact import theory

BUDGET = 8.0


def channel(q):
    return [0.0, 1.0], [1 - q, q]


def close_to(value, digits):
    """Equal to as many digits as are given."""
    return pytest.approx(value, abs=0.51 * 10.0**-digits)


def row(name, **options):
    return next(r for r in theory.strategies(BUDGET, **options) if r.name == name)


def test_memory_bracket_of_a_thousand_facts_in_a_million():
    bracket = theory.excess_entropy_bits(1000, 10**6)
    bound = theory.memory_lower_bound(1000, 10**6, *channel(2**-8))
    information = 1000 * float(theory.membership_information(*channel(2**-8), 1e-3))
    assert bracket == close_to(6.308, 3)
    assert information - bound.bits == close_to(6.308, 3)
    assert information - bound.simple_bits == close_to(6.483, 3)


def test_membership_information_of_the_channel_at_one_percent():
    assert float(theory.channel_information(2**-8, 0.01)) == close_to(6.895, 3)
    assert float(theory.membership_information(*channel(2**-8), 0.01)) == close_to(6.895, 3)


@pytest.mark.parametrize(("p", "slope"), [(0.02, -5.5602045), (0.1, -3.7354675), (0.3, -2.2652711)])
def test_lemma_3_5_says_how_fast_membership_information_falls(p, slope):
    laws = [0.1, 0.2, 0.7], [0.6, 0.35, 0.05]
    assert float(theory.membership_information_slope(*laws, p)) == close_to(slope, 7)
    around = [float(theory.membership_information(*laws, p + step)) for step in (-1e-5, 1e-5)]
    assert (around[1] - around[0]) / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_first_order_correction_at_one_percent():
    first_order = BUDGET - 0.01 * float(theory.chi2(*channel(2**-8))) / (2 * math.log(2))
    assert first_order == close_to(6.161, 3)


def test_hallucination_channel_at_two_losses():
    found = theory.log_loss_channel(0.10, 0.05)
    assert float(found.x_star) == close_to(0.904837, 6)
    assert float(found.q_star) == close_to(0.0212570, 7)
    assert float(found.bits) == close_to(5.555919, 6)


@pytest.mark.parametrize("eps_fact", [30, 300, 700])
def test_a_channel_of_very_unsure_facts(eps_fact):
    """x* = e^-eps is so small that 1 - x* is 1; -ln(1 - x*) = x* + x*^2 / 2 + ... is not 0."""
    x = math.exp(-eps_fact)
    found = theory.log_loss_channel(eps_fact, x * 2**-5)
    assert float(found.bits) == pytest.approx(5 + x / 2 / math.log(2), abs=1e-12)
    assert float(theory.loss_frontier(5, eps_fact).eps_nonfact) == pytest.approx(x * 2**-5, rel=1e-12)


@pytest.mark.parametrize(
    ("bits", "a", "x_star", "loss"), [(8, 0.5, 0.9961089, 0.0127874), (3, 0.2, 2 / 3, 0.1909543)]
)
def test_optimum_at_a_budget(bits, a, x_star, loss):
    optimum = theory.budget_optimum(bits, a)
    assert float(optimum.x_star) == close_to(x_star, 7)
    assert float(optimum.loss_nats) == close_to(loss, 7)
    assert float(theory.hallucination_odds(optimum.q, optimum.x_star)) == pytest.approx(a / (1 - a))
    assert float(theory.effective_bits(optimum.loss_nats, a)) == pytest.approx(bits)


def test_two_sided_filter():
    assert float(theory.two_sided_filter_bits(0.1, 0.01)) == close_to(5.511925, 6)


def test_one_sided_filter():
    assert float(theory.two_sided_filter_bits(0.0, 2**-8)) == 8.0


def test_brier_loss_on_2001_scores():
    found = theory.rate_distortion(lambda x: (1 - x) ** 2, lambda x: x**2, 0.02, 0.01, np.linspace(0, 1, 2001))
    assert found.bits == close_to(6.1888, 4)
    assert found.gap_bits < 1e-9


@pytest.mark.parametrize(("f", "loss", "worth"), [(0.05, 0.110, 4.14), (0.1, 0.175, 3.24), (0.2, 0.274, 2.29)])
def test_forgetting_at_random(f, loss, worth):
    found = row("forget at random", forget=f)
    assert found.loss_nats == close_to(loss, 3)
    assert found.bits_effective == close_to(worth, 2)


def test_forgetting_what_saves_most():
    found = row("forget what saves most", forget=0.1)
    assert found.loss_nats == close_to(0.173, 3)
    q = found.false_rate
    entropy = -0.1 * math.log2(0.1) - 0.9 * math.log2(0.9)
    saved = 0.9 * math.log2(1 / q) - float(theory.two_sided_filter_bits(0.1, q))
    assert saved == pytest.approx(entropy - 0.1 * math.log2(1 / (1 - q)))


def test_abstaining_when_unsure():
    assert row("abstain when unsure", forget=0.1).loss_nats == close_to(0.386, 3)


def test_half_confidence_is_on_the_frontier():
    found = row("half-confidence")
    eps_fact, eps_nonfact = math.log(2), found.false_rate * math.log(2)
    assert float(theory.log_loss_channel(eps_fact, eps_nonfact).bits) == pytest.approx(BUDGET)
    assert float(theory.loss_frontier(BUDGET, eps_fact).eps_nonfact) == pytest.approx(eps_nonfact)
    assert found.loss_nats == pytest.approx(0.5 * eps_fact + 0.5 * eps_nonfact)


def test_never_hallucinating():
    found = row("never hallucinate", share_of_facts=1e-4)
    recall = 1 - found.missed_rate
    assert recall == close_to(0.579, 3)
    assert recall == pytest.approx(BUDGET / math.log2(math.e / 1e-4), rel=0.07)


def test_retrieval_known_at_writing_saves_the_divergence():
    found = theory.retrieval_optimum(BUDGET, 0.6, 0.1)
    saved = float(theory.bernoulli_kl_bits(0.6, 0.1))
    q = 2 ** -(BUDGET + saved)
    assert float(found.bits_saved) == pytest.approx(saved)
    assert [float(found.q_hit), float(found.q_miss)] == pytest.approx([q * 6, q * 0.4 / 0.9])
    assert [float(found.x_hit), float(found.x_miss)] == pytest.approx([1 / (1 + q)] * 2)


def test_retrieval_known_at_query_time_saves_nothing():
    found = theory.retrieval_optimum(BUDGET, 0.6, 0.1, known="at query time")
    assert float(found.bits_saved) == 0
    assert [float(found.q), float(found.q_hit), float(found.q_miss)] == pytest.approx([2**-8] * 3)


@pytest.mark.parametrize(("c", "p_over_n", "bits"), [(2.54, 3.64, 9.23), (2.63, 1.21, 3.19), (2.12, 3.64, 7.73)])
def test_capacity_seen_in_small_networks(c, p_over_n, bits):
    q = float(theory.capacity_law(p_over_n, 1, c).q)
    assert -math.log2(q) == pytest.approx(bits, rel=0.005)
    assert float(theory.parameters_needed(q, 1, c)) == pytest.approx(p_over_n)


def test_chain_rule_of_graded_labels():
    found = theory.graded_rate_distortion([0.4, 1.0], [0.5, 0.5], 0.01, 0.5, 0.05, np.linspace(0, 1, 101))
    labels = np.array([0.99, 0.005, 0.005])
    joint = labels[:, np.newaxis] * np.vstack([found.mu_nonfact, found.mu_grades])
    product = np.outer(labels, joint.sum(axis=0))
    some = joint > 0
    information = float((joint[some] * np.log2(joint[some] / product[some])).sum()) / 0.01
    assert information == pytest.approx(found.membership_bits + found.grading_bits, abs=1e-9)
    assert 0 < found.grading_bits <= 1
