"""A tester's own confidence, against closed forms and repeated samples."""

import numpy as np
import pytest
from scipy.special import expit

from bitsperfact.estimate import own_confidence
from bitsperfact.theory import budget_optimum, weighted_log_loss


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.9])
def test_the_optimum_is_worth_its_bits(weight):
    """Shares as they are at the optimum, without noise: the loss is its loss, and the bits are its budget."""
    best = budget_optimum(4.0, weight)
    odds = float(np.log(best.x_star / (1 - best.x_star)))
    facts, nonfacts = np.full(100, odds), np.r_[np.full(100, odds), np.full(1500, -40.0)]
    found = own_confidence(facts, nonfacts, fact_weight=weight)
    assert found["own_loss"].estimate == pytest.approx(float(best.loss_nats))
    assert found["own_bits"].estimate == pytest.approx(4.0, abs=1e-6)
    assert found["own_x_star"].estimate == pytest.approx(float(best.x_star))
    assert found["own_miss_rate"].estimate == float(odds < 0)


def test_the_loss_is_the_mean_of_its_terms():
    facts, nonfacts = np.array([0.0, 2.0]), np.array([-1.0, 3.0, 0.5])
    slow = 0.3 * -np.log(expit(facts)).mean() + 0.7 * -np.log(1 - expit(nonfacts)).mean()
    assert weighted_log_loss(facts, nonfacts, 0.3) == pytest.approx(slow)


@pytest.mark.parametrize("per_entity", [1, 5])
def test_intervals_hold_the_truth_however_claims_of_an_entity_agree(per_entity):
    rng, n = np.random.default_rng(1), 60
    inside = dict.fromkeys(("own_x_star", "own_miss_rate", "own_loss"), 0)
    far = rng.normal(size=400_000) * np.sqrt(2)
    truth = {
        "own_x_star": expit(1.0),
        "own_miss_rate": (far < -1).mean(),
        "own_loss": 0.5 * (np.logaddexp(0, -1 - far).mean() + np.logaddexp(0, -3 + far).mean()),
    }
    for _ in range(150):
        offset = np.repeat(rng.normal(size=n), per_entity)
        label = np.repeat(np.arange(n), per_entity)
        scores = [offset + rng.normal(size=offset.size) + mean for mean in (1.0, -3.0)]
        found = own_confidence(*scores, (label, label))
        for name, value in truth.items():
            inside[name] += found[name].lower <= value <= found[name].upper
    assert all(count / 150 >= 0.88 for count in inside.values()), inside


def test_losses_that_are_all_alike_have_no_interval():
    found = own_confidence(np.full(5, 2.0), np.full(9, -2.0))
    assert np.isnan([found["own_loss"].lower, found["own_loss"].upper, found["own_bits"].upper]).all()
    assert found["own_bits"].estimate > 1
