"""Answer frequency against tables in which it tells, and tables in which only elimination would."""

import numpy as np
import pytest

from bitsperfact import claims, estimate
from bitsperfact.analysis.baseline import pattern_scores
from bitsperfact.analysis.folds import entity_splits
from bitsperfact.analysis.frequency import frequency_log_odds
from bitsperfact.analysis.stacking import stacked


def table(rows):
    """Groups, targets and labels of (entity, answer, is_fact)."""
    groups, targets, is_fact = zip(*rows, strict=True)
    return np.array([f"g{i}" for i in groups]), np.array([f"t{i}" for i in targets]), np.array(is_fact)


def others(rng, n, own, k):
    return rng.choice(np.delete(np.arange(n), own), k, replace=False)


def permutation(rng, n=120, sizes=(8,)):
    """Each entity has an answer of its own; the number of wrong ones is one of `sizes`."""
    return table(
        (own, answer, answer == own)
        for own in range(n)
        for answer in (own, *others(rng, n, own, rng.choice(sizes)))
    )


def classes(rng, n=240, of=60):
    """Every answer is true of four entities, and each entity is offered eight wrong ones."""
    truth = rng.permutation(np.arange(n) % of)
    return table(
        (own, answer, answer == truth[own])
        for own in range(n)
        for answer in (truth[own], *others(rng, of, truth[own], 8))
    )


def dealt_within(rng, n=240):
    """Candidates by popularity; which of an entity's is true is drawn."""
    popularity = 1 / np.arange(1, 41)
    rows = []
    for own in range(n):
        offered = rng.choice(40, 9, replace=False, p=popularity / popularity.sum())
        rows += [(own, answer, place == 0) for place, answer in enumerate(offered[rng.permutation(9)])]
    return table(rows)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("made", [permutation, lambda rng: permutation(rng, sizes=(1, 10)), classes, dealt_within])
def test_elimination_and_the_design_of_a_table_never_help(made, seed):
    assert (frequency_log_odds(*made(np.random.default_rng(seed)), seed) == 0).all()


def currencies(negatives):
    frame = claims.load("currencies", negatives=negatives).frame
    return frame, frame["is_fact"].to_numpy(dtype=bool)


def test_common_answers_are_found_among_all_answers():
    """Every currency for every country: a reader who guesses "dollar" and "euro" is right far too often."""
    frame, is_fact = currencies(300)
    columns = (frame[name].to_numpy(dtype=str) for name in ("group", "target"))
    values = frequency_log_odds(*columns, is_fact, 0)
    dollar = (frame["target"] == " dollar").to_numpy()
    assert values[dollar].min() > values[~dollar].mean() + 1
    groups = frame["group"].to_numpy()
    bits = estimate.bits_per_fact(
        values[is_fact], values[~is_fact], (groups[is_fact], groups[~is_fact]), replicates=60
    )
    assert 1 < bits.lower < bits.estimate < 2


def test_the_baseline_reads_frequency_where_it_tells_and_stays_as_it_was_where_it_does_not():
    frame, is_fact = currencies(12)
    values = pattern_scores(frame, 0)
    assert estimate.auc(values[is_fact], values[~is_fact]) > 0.58
    even, is_fact = currencies(3)
    columns = (even[name].to_numpy(dtype=str) for name in ("group", "target"))
    assert (frequency_log_odds(*columns, is_fact, 0) == 0).all()


def test_a_claims_label_does_not_reach_its_own_score():
    groups, targets, is_fact = (np.tile(column, 1) for column in dealt_within(np.random.default_rng(0)))
    is_fact = is_fact ^ ((targets == "t0") & (np.arange(len(targets)) % 3 > 0))  # "t0" is common among facts
    before = frequency_log_odds(groups, targets, is_fact, 0)
    assert before.any()
    for row in (0, 500, 1000):
        flipped = is_fact.copy()
        flipped[row] = ~flipped[row]
        assert frequency_log_odds(groups, targets, flipped, 0)[row] == before[row]


def test_stacking_takes_what_helps_and_leaves_the_rest():
    rng = np.random.default_rng(0)
    is_fact, groups = rng.random(3000) < 0.2, np.repeat([f"g{i}" for i in range(300)], 10)
    good = np.where(is_fact, 1.0, -1.0) + rng.standard_normal(3000)
    parts = np.stack([good, rng.standard_normal(3000), -good])
    values = stacked(parts, is_fact, entity_splits(groups, 0))
    assert estimate.auc(values, values * 0) != 0.5
    assert estimate.auc(values[is_fact], values[~is_fact]) == pytest.approx(
        estimate.auc(good[is_fact], good[~is_fact]), abs=0.01
    )
    assert np.corrcoef(values, good)[0, 1] > 0.99
