import numpy as np
import pytest
from scipy.stats import norm

from bitsperfact.estimate import Evenness, evenness


def channel(rng, n, N, q, forgotten=0.0):
    """Peaks so far apart that none overlap."""
    facts, nonfacts = rng.normal(9, 1, n), rng.normal(np.where(rng.random(N) < q, 9, -9), 1)
    lost = rng.random(n) < forgotten
    return np.where(lost, rng.normal(-9, 1, n), facts), nonfacts


def holds(interval, truth):
    return interval.lower <= truth <= interval.upper


@pytest.mark.parametrize(("n", "bits"), [(60, 1), (120, 3), (240, 5), (2000, 8)])
def test_intervals_hold_the_channel(n, bits):
    """Each at 95 %: of 20 samples, 5 or more misses of one quantity have chance .3 %."""
    misses = np.zeros(4)
    for seed in range(20):
        got = evenness(*channel(np.random.default_rng(seed), n, 10 * n, 2.0**-bits), seed=seed, replicates=100)
        truth = ((got.evenness, 1), (got.spread, 0), (got.forgotten_share, 0), (got.auc_accepted, 0.5))
        misses += [not holds(*each) for each in truth]
    assert (misses <= 4).all()


def test_facts_of_one_score_are_spent_the_same_on():
    got = evenness(np.ones(50), np.repeat([0.0, 1.0, 2.0], [400, 50, 60]))
    assert isinstance(got, Evenness)
    assert (got.evenness.lower, got.evenness.upper, got.spread.lower, got.spread.upper) == (1, 1, 0, 0)


def test_too_few_accepted_non_facts_say_nothing():
    got = evenness(*channel(np.random.default_rng(0), 240, 2400, 0.0))
    assert np.isnan(got.evenness.estimate)
    assert np.isnan(got.auc_accepted.estimate)
    assert (got.spread.lower, got.spread.upper) == (0, np.inf)
    assert (got.auc_accepted.lower, got.auc_accepted.upper) == (0, 1)


@pytest.mark.parametrize("shift", [1.0, 2.0])
def test_a_normal_shift_spreads_bits_by_its_slope(shift):
    """l(x) = (shift x - shift^2 / 2) / ln 2, so that its deviation over facts is shift / ln 2."""
    rng = np.random.default_rng(1)
    got = evenness(rng.normal(shift, 1, 2000), rng.normal(0, 1, 20_000))
    assert holds(got.spread, shift / np.log(2))
    assert got.spread.estimate == pytest.approx(shift / np.log(2), rel=0.06)
    assert got.evenness.upper < 0.6
    # The least ratio over quarters is that of the lowest.
    assert holds(got.forgotten_share, 4 * norm.cdf(norm.ppf(0.25) - shift))
    assert got.auc_accepted.lower > 0.55


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_forgotten_facts_are_bounded_on_both_sides(share):
    rng = np.random.default_rng(2)
    got = evenness(*channel(rng, 2000, 20_000, 1 / 32, share))
    assert 0 < got.forgotten_share.lower <= share <= got.forgotten_share.upper < 2 * share
    assert got.forgotten_share.estimate == pytest.approx(share, rel=0.3)
    known = np.log2((1 - share) * 32) - np.log2(share)
    assert got.spread.estimate == pytest.approx(np.sqrt(share * (1 - share)) * known, rel=0.1)
    assert holds(got.auc_accepted, 0.5)


def test_equal_laws_forget_every_fact():
    rng = np.random.default_rng(3)
    got = evenness(rng.normal(size=500), rng.normal(size=5000))
    assert got.forgotten_share.lower > 0.6
    assert got.forgotten_share.upper == 1
    assert got.spread.lower == 0


def test_copies_are_no_evidence():
    """Each claim thirty times: what noise shows of a few must not become sure."""
    facts, nonfacts = channel(np.random.default_rng(5), 30, 300, 1 / 4)
    groups = np.repeat(np.arange(30), 30), np.repeat(np.arange(300), 30)
    alone, copied = (evenness(np.repeat(facts, 30), np.repeat(nonfacts, 30), each) for each in (None, groups))
    assert copied.spread.lower == 0
    assert alone.spread.lower > 0
    assert copied.auc_accepted.upper - copied.auc_accepted.lower > 2 * (
        alone.auc_accepted.upper - alone.auc_accepted.lower
    )


def test_only_ranks_matter():
    rng = np.random.default_rng(6)
    facts, nonfacts = rng.normal(2, 1, 200), rng.normal(0, 1, 2000)
    assert evenness(facts, nonfacts) == evenness(np.exp(facts), np.exp(nonfacts))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"confidence": 1.0}, "confidence must lie strictly"), ({"replicates": 1}, "replicates must be at least 2")],
)
def test_errors_name_the_argument(options, message):
    with pytest.raises(ValueError, match=message):
        evenness([1.0, 2.0], [0.0, 1.0], **options)
