"""The baseline against sets whose patterns are known: none, and a code derived from the name.

AUC 1/2 means no separation; its standard error is then close to sqrt(1 / (12 n_facts)), .024 at 144 facts.
"""

import numpy as np
import pytest
from tests.analysis.sets import abbreviations, derangement, names, random_codes

from bitsperfact.analysis.baseline import cross_fitted_log_odds, pattern_scores
from bitsperfact.analysis.features import pattern_features
from bitsperfact.folds import Split

N_FACTS, K = 144, 15
STANDARD_ERROR = np.sqrt(1 / (12 * N_FACTS))


def auc(values, is_fact):
    above = values[is_fact][:, None] - values[~is_fact][None, :]
    return (above > 0).mean() + (above == 0).mean() / 2


def is_fact(claims):
    return claims["is_fact"].to_numpy(dtype=bool)


@pytest.fixture(scope="module", params=[0, 1, 2])
def random_set(request):
    rng = np.random.default_rng(request.param)
    return derangement(rng, names(rng, N_FACTS), random_codes(rng, N_FACTS), K)


def test_random_codes_show_no_pattern(random_set):
    found = auc(pattern_scores(random_set, seed=0), is_fact(random_set))
    assert abs(found - 0.5) < 3.5 * STANDARD_ERROR


def test_folds_that_hold_out_entities_only_leak(random_set):
    """By elimination a target seen only in non-facts belongs to the held-out fact: AUC far *below* 1/2."""
    rng = np.random.default_rng(7)
    _, entity = np.unique(random_set["group"], return_inverse=True)
    fold = rng.integers(0, 5, N_FACTS)[entity]
    assert auc(_scored_by(random_set, fold), is_fact(random_set)) < 0.5 - 5 * STANDARD_ERROR


def test_folds_of_single_claims_leak(random_set):
    fold = np.random.default_rng(7).integers(0, 5, len(random_set))
    assert auc(_scored_by(random_set, fold), is_fact(random_set)) < 0.5 - 5 * STANDARD_ERROR


def _scored_by(claims, fold):
    features = pattern_features(claims["prefix"].tolist(), claims["target"].tolist())
    return cross_fitted_log_odds(features, is_fact(claims), [Split(fold != k, fold == k) for k in range(5)])


def test_abbreviations_are_found():
    rng = np.random.default_rng(3)
    subjects = names(rng, N_FACTS)
    claims = derangement(rng, subjects, abbreviations(rng, subjects), K)
    assert auc(pattern_scores(claims, seed=0), is_fact(claims)) > 0.9


def test_codes_in_the_order_of_names_are_found():
    rng = np.random.default_rng(3)
    subjects = names(rng, N_FACTS)
    claims = derangement(rng, subjects, [f"{2 * place + 1:05d}" for place in range(N_FACTS)], K)
    assert auc(pattern_scores(claims, seed=0), is_fact(claims)) > 0.9


def test_non_facts_of_another_form_are_found():
    """A slip in making non-facts (here a lower-case letter) is a pattern of the target alone."""
    rng = np.random.default_rng(3)
    claims = derangement(rng, names(rng, N_FACTS), random_codes(rng, N_FACTS), 0, fresh=K)
    claims.loc[~claims["is_fact"], "target"] = claims["target"].str.title()
    assert auc(pattern_scores(claims, seed=0), is_fact(claims)) > 0.95


def test_scores_follow_the_claims_whatever_their_order(random_set):
    order = np.random.default_rng(1).permutation(len(random_set))
    values = pattern_scores(random_set, seed=4)
    np.testing.assert_array_equal(values[order], pattern_scores(random_set.iloc[order], seed=4))


def test_labels_of_a_claim_never_reach_its_own_score(random_set):
    """Flipping one claim's label changes the scores of other claims at most."""
    flipped = random_set.copy()
    flipped.loc[20, "is_fact"] = ~flipped.loc[20, "is_fact"]
    before, after = pattern_scores(random_set, seed=0), pattern_scores(flipped, seed=0)
    assert before[20] == after[20]
    assert (before != after).any()


def test_too_few_claims_to_learn_from_get_no_opinion():
    rng = np.random.default_rng(0)
    claims = derangement(rng, ["Aro", "Bel"], ["AAA", "BBB"], 1)
    assert (pattern_scores(claims, seed=0) == 0).all()


def test_odd_texts_are_scored():
    rng = np.random.default_rng(0)
    claims = derangement(rng, names(rng, 30), random_codes(rng, 30), 4)
    claims.loc[:40, "target"] = [" \u05e9\u05dc\u05d5\u05dd", " \U0001f600\U0001f600", " …"] * 13 + [" ²", " ٣"]
    claims["prefix"] = ""
    assert np.isfinite(pattern_scores(claims, seed=0)).all()
