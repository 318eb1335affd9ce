"""The pattern-only baseline: how well a reader of the text, who remembers no fact, tells facts from non-facts.

A logistic regression on features of the text, scored on entities and answers that it has not seen, and how common
an answer is among other entities (`frequency`), which a model that has not seen the answer cannot tell. What both
separate is owed to the text, so a model's bits count as memory only above the baseline's.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.analysis.features import pattern_features
from bitsperfact.analysis.frequency import frequency_log_odds
from bitsperfact.analysis.stacking import stacked
from bitsperfact.folds import Split, entity_splits, held_out_splits
from bitsperfact.threads import single_threaded

#: Inverse strength of the penalty. Few claims show each hashed feature, so strong shrinkage; the bits depend on
#: the order of the scores only, and hardly change between 0.003 and 0.3.
INVERSE_PENALTY = 0.03


def pattern_scores(claims: pd.DataFrame, seed: int) -> NDArray[np.float64]:
    """Return the held-out log-odds that each claim is a fact, shape (n_claims,), with classes weighted equally.

    `claims` has the columns group, prefix, target and is_fact (`bitsperfact.tables`). A claim whose training
    rows hold one class only gets 0. Same claims and seed give the same scores.
    """
    order = np.lexsort((claims["target"].astype(str), claims["prefix"].astype(str), claims["group"].astype(str)))
    ordered = claims.iloc[order]
    is_fact = ordered["is_fact"].to_numpy(dtype=bool)
    targets = ordered["target"].to_numpy(dtype=str)
    features = pattern_features(ordered["prefix"].tolist(), ordered["target"].tolist())
    groups = ordered["group"].to_numpy(dtype=str)
    splits = held_out_splits(groups, targets, is_fact, seed)
    scores = np.empty(len(claims))
    text = cross_fitted_log_odds(features, is_fact, splits)
    frequency = frequency_log_odds(groups, targets, is_fact, seed)
    # Where frequency says nothing, the text's own scores stay as they are.
    both = stacked(np.stack([text, frequency]), is_fact, entity_splits(groups, seed)) if frequency.any() else text
    scores[order] = both
    return scores


def cross_fitted_log_odds(
    features: Any, is_fact: NDArray[np.bool_], splits: Iterable[Split]
) -> NDArray[np.float64]:
    """Score each split's test rows with a model fitted on its training rows; 0 where no split reaches.

    `features` is sparse, (n_claims, n_features); `is_fact` and the result have shape (n_claims,).
    """
    scores = np.zeros(len(is_fact))
    with single_threaded():
        for split in splits:
            # Without both classes there is nothing to learn, and no opinion is the honest score.
            if split.test.any() and len(np.unique(is_fact[split.train])) == 2:
                model = _fitted(features[split.train], is_fact[split.train])
                scores[split.test] = model.decision_function(features[split.test])
    return scores


def _fitted(features: Any, is_fact: NDArray[np.bool_]) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", solver="liblinear", random_state=0)
    return model.fit(features, is_fact)
