"""The hallucination rate's interval: the threshold is the law's, and its noise counts."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from bitsperfact.estimate import hallucination_rate
from bitsperfact.estimate.clusters import clusters
from bitsperfact.estimate.operating import hallucination_interval


def interval(facts, nonfacts, fact_labels=None, nonfact_labels=None, **options):
    of = clusters("facts", fact_labels, facts.size), clusters("nonfacts", nonfact_labels, nonfacts.size)
    return hallucination_interval(facts, nonfacts, *of, **options)


def coverage(truth, draw, repetitions=50):
    covered = []
    for child in np.random.SeedSequence(2).spawn(repetitions):
        _, lower, upper = interval(*draw(np.random.default_rng(child)))
        covered.append(lower - 1e-12 <= truth <= upper + 1e-12)
    return np.mean(covered)


NORMAL = norm.sf(norm.ppf(0.05) + 2)


@pytest.mark.parametrize(("n", "N"), [(20, 400), (120, 1000), (120, 20_000), (1000, 300)])
def test_the_rate_at_the_laws_threshold_is_covered(n, N):
    assert coverage(NORMAL, lambda rng: (rng.normal(2, 1, n), rng.normal(size=N))) >= 0.9
    # A tie at the threshold is accepted whole.
    assert coverage(0.1, lambda rng: (np.ones(n), (rng.random(N) < 0.1) * 1.0)) >= 0.9


def test_entities_that_fail_together_are_covered():
    def facts(rng):
        offset = rng.normal(size=80)
        return np.repeat(offset, 3) + 2, rng.normal(size=1000), np.repeat(np.arange(80), 3), None

    def nonfacts(rng):
        return np.ones(80), np.repeat((rng.random(80) < 0.1) * 1.0, 10), None, np.repeat(np.arange(80), 10)

    assert coverage(NORMAL, facts) >= 0.9
    assert coverage(0.1, nonfacts) >= 0.9
    # As claims of their own they are not.
    assert coverage(0.1, lambda rng: nonfacts(rng)[:2]) < 0.88


def test_facts_of_one_score_leave_the_binomial_interval():
    facts, nonfacts = np.ones(200), np.repeat([0.0, 1.0], [270, 30])
    ends = binomtest(30, 300).proportion_ci(0.975)
    assert interval(facts, nonfacts) == pytest.approx((0.1, ends.low, ends.high))


def test_few_facts_say_nothing_about_their_lowest():
    rng = np.random.default_rng(0)
    facts, nonfacts = rng.normal(2, 1, 60), rng.normal(size=500)
    value, lower, upper = interval(facts, nonfacts)
    assert value == hallucination_rate(facts, nonfacts)
    assert 0 < lower < value < upper == 1
    assert interval(np.concatenate([facts, facts + 0.01]), nonfacts)[2] < 1


def test_the_threshold_is_that_of_order_statistics():
    """Of 100 facts at 0 ... 99 the law's 5 % quantile is between the 1st and the 11th, each but for 1.25 %."""
    facts, nonfacts = np.arange(100.0), np.arange(100.0)
    _, lower, upper = interval(facts, nonfacts)
    assert upper == binomtest(100, 100).proportion_ci(0.975).high
    assert lower == pytest.approx(binomtest(90, 100).proportion_ci(0.975).low)


@pytest.mark.parametrize("options", [{"recall": 0.0}, {"recall": 1.0}, {"confidence": 1.0}])
def test_what_is_no_share_is_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must lie strictly between 0 and 1"):
        interval(np.ones(3), np.zeros(3), **options)
