import numpy as np
import pytest

from bitsperfact.folds import held_out_splits


@pytest.fixture
def deranged():
    """60 entities, each with its own target and 5 of the others'."""
    rng = np.random.default_rng(0)
    groups = np.repeat([f"entity {i}" for i in range(60)], 6)
    targets = np.concatenate([[f"t{i}", *(f"t{j}" for j in rng.choice(60, 5))] for i in range(60)])
    return groups, targets, np.tile([True, *[False] * 5], 60)


def test_every_claim_is_scored_once(deranged):
    tested = sum(split.test.astype(int) for split in held_out_splits(*deranged, seed=1))
    assert (tested == 1).all()


def test_no_entity_and_no_target_is_on_both_sides(deranged):
    groups, targets, _ = deranged
    for split in held_out_splits(*deranged, seed=1):
        assert split.test.any()
        assert not set(groups[split.train]) & set(groups[split.test])
        assert not set(targets[split.train]) & set(targets[split.test])


def test_common_answers_are_not_held_out(deranged):
    groups, _, is_fact = deranged
    labels = np.where(is_fact, "true", "false")
    for split in held_out_splits(groups, labels, is_fact, seed=1):
        assert set(labels[split.train]) == set(labels[split.test]) == {"true", "false"}
        assert not set(groups[split.train]) & set(groups[split.test])


def test_folds_do_not_depend_on_the_order_of_rows(deranged):
    order = np.random.default_rng(5).permutation(len(deranged[0]))
    shuffled = held_out_splits(*(column[order] for column in deranged), seed=1)
    for split, other in zip(held_out_splits(*deranged, seed=1), shuffled, strict=True):
        np.testing.assert_array_equal(split.test[order], other.test)
        np.testing.assert_array_equal(split.train[order], other.train)
