"""The best of several scores: never more than the best of them has, and little less."""

import numpy as np
import pytest

from bitsperfact.estimate import best_of_scores, bits_per_fact
from bitsperfact.estimate.certificate import certified_bits
from bitsperfact.estimate.clusters import clusters

N_FACTS, EACH = 80, 10
GROUPS = np.arange(N_FACTS), np.repeat(np.arange(N_FACTS), EACH)


def best(facts, nonfacts, groups=GROUPS, **options):
    return best_of_scores(facts, nonfacts, groups, **({"replicates": 40} | options))


def normal(rng, m, shift):
    return rng.normal(shift, 1, (m, N_FACTS)), rng.normal(size=(m, N_FACTS * EACH))


def samples(n):
    return [np.random.default_rng(child) for child in np.random.SeedSequence(4).spawn(n)]


def largest(facts, nonfacts):
    return max(bits_per_fact(*view, GROUPS, replicates=2).estimate for view in zip(facts, nonfacts, strict=True))


def test_the_largest_of_equal_scores_is_not_better_for_being_the_largest():
    """Five scores of .72 bits: the largest estimate is lucky by a tenth of a bit and more, the best one is not."""
    drawn = [normal(rng, 5, 1.0) for rng in samples(5)]
    truth = 0.5 / np.log(2)
    found = [best(*views) for views in drawn]
    assert np.mean([largest(*views) for views in drawn]) > truth + 0.1
    assert truth - 0.15 < np.mean([each.estimate for each in found]) < truth + 0.05
    assert sum(each.lower > truth for each in found) <= 1
    assert all(each.certified <= truth for each in found)


def test_useless_scores_have_no_best():
    drawn = [normal(rng, 5, 0.0) for rng in samples(5)]
    found = [best(*views) for views in drawn]
    assert all(each.lower == each.certified == 0 for each in found)
    luck = np.mean([largest(*views) for views in drawn])
    assert np.mean([each.estimate for each in found]) < luck / 2


def test_a_score_that_is_clearly_best_loses_nothing_but_its_share_of_the_error():
    rng = np.random.default_rng(0)
    facts, nonfacts = normal(rng, 4, 0.0)
    facts[2] += 3
    found, alone = best(facts, nonfacts), bits_per_fact(facts[2], nonfacts[2], GROUPS, replicates=40)
    assert (found.best, found.certified_by, found.chosen) == (2, 2, (0.0, 0.0, 1.0, 0.0))
    assert found.estimate == alone.estimate
    assert found.upper == alone.upper
    assert alone.lower - 0.5 < found.lower <= alone.lower
    of = clusters("facts", GROUPS[0], N_FACTS), clusters("nonfacts", GROUPS[1], N_FACTS * EACH)
    assert found.certified == certified_bits(facts[2], nonfacts[2], *of, 1 - 0.05 / 4)


def test_one_score_is_its_own_best():
    facts, nonfacts = normal(np.random.default_rng(1), 1, 1.0)
    found, alone = best(facts, nonfacts), bits_per_fact(facts[0], nonfacts[0], GROUPS, replicates=40)
    numbers = found.estimate, found.lower, found.upper, found.certified
    assert numbers == (alone.estimate, alone.lower, alone.upper, alone.certified)
    assert found.chosen == (1.0,)


def test_the_same_score_twice_is_no_luck():
    facts, nonfacts = normal(np.random.default_rng(2), 1, 1.5)
    found = best(np.repeat(facts, 2, axis=0), np.repeat(nonfacts, 2, axis=0))
    assert found.estimate <= bits_per_fact(facts[0], nonfacts[0], GROUPS, replicates=2).estimate
    assert found.lower <= found.estimate <= found.upper


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_entities_for_halves_still_have_numbers(n):
    found = best(np.ones((2, n)), np.zeros((2, n)), (np.arange(n), np.arange(n)))
    assert 0 <= found.lower <= found.estimate <= found.upper
    assert sum(found.chosen) == pytest.approx(1)


def test_rows_must_match():
    with pytest.raises(ValueError, match="a row per score, got 2 and 1"):
        best_of_scores(np.ones((2, 3)), np.zeros((1, 3)))
