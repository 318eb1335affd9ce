"""`probe`: log-odds of being a fact, read by logistic regression from a middle layer's state after the claim.

What a linear reader of the model's own representation can tell, in the manner of Azaria & Mitchell 2023, arXiv
2304.13734. Supervised: the classifier that scores a claim was fitted on claims of other entities and with other
targets. Held-out entities alone would not do: a true answer would be known from training as a non-fact only, and
facts would be told by elimination (on answers dealt at random, 2.1 bits out of nothing).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.folds import are_classes, held_out_splits, weights_by_target
from bitsperfact.scoring.needs import whole_claims
from bitsperfact.scoring.readers.hidden_states import HiddenStates
from bitsperfact.scoring.score import Array, Score, ScoreInput
from bitsperfact.scoring.views import Unlabelled

#: Entities that are needed to hold some out.
LEAST_ENTITIES = 5
#: Truth is most linearly readable some way past the middle of a network; one fixed depth avoids choosing by label.
DEPTH = 0.6

STATE = whole_claims(f"probe@{DEPTH}", HiddenStates(DEPTH))


def _value(given: ScoreInput) -> Array:
    hidden = given[STATE]["hidden"][:, 0]  # all in memory together: a classifier is fitted on them
    columns = pd.concat(given.claims.batches(["is_fact", "group", "target"]), ignore_index=True)
    found, known = np.full(len(hidden), np.nan), np.isfinite(hidden).all(axis=1)  # some may be too long
    found[known] = _held_out(hidden[known], columns[known], given.seed)
    return found


def _held_out(hidden: NDArray[np.float32], columns: pd.DataFrame, seed: int) -> Array:
    """Return the log-odds of each claim, by classifiers that have seen neither its entity nor its target."""
    is_fact, targets = columns["is_fact"].to_numpy(dtype=bool), columns["target"].to_numpy(dtype=str)
    log_odds = np.zeros(len(hidden))
    for split in held_out_splits(columns["group"].to_numpy(dtype=str), targets, is_fact, seed):
        weights = _weights(is_fact, targets, split.train)
        # Without both classes there is nothing to learn, and no opinion is the honest score.
        if split.test.any() and len(np.unique(is_fact[weights > 0])) == 2:
            log_odds[split.test] = _read(hidden, is_fact, weights, split.test)
    return log_odds


def _weights(labels: NDArray[np.bool_], targets: NDArray[np.str_], train: NDArray[np.bool_]) -> Array:
    """Weights of all claims, 0 for those not trained on; facts weigh as much as non-facts together."""
    weights, is_fact = np.zeros(len(train)), labels[train]
    if are_classes(targets, labels):
        weights[train] = weights_by_target(targets[train], is_fact)
    elif is_fact.any():
        weights[train] = np.where(is_fact, max(1, (~is_fact).sum()) / is_fact.sum(), 1.0)
    return weights


def _read(
    hidden: NDArray[np.float32], is_fact: NDArray[np.bool_], weights: Array, test: NDArray[np.bool_]
) -> Array:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    fitted = weights > 0
    scaler = StandardScaler().fit(hidden[fitted])
    reader = LogisticRegression(C=0.01, max_iter=1000)
    # As many in all as rows: what the penalty weighs against.
    reader.fit(scaler.transform(hidden[fitted]), is_fact[fitted], weights[fitted] / weights[fitted].mean())
    return np.asarray(reader.decision_function(scaler.transform(hidden[test])), dtype=np.float64)


def _check(claims: Unlabelled) -> None:
    entities: set[str] = set()
    for batch in claims.batches(["group"]):
        entities.update(batch["group"])
        if len(entities) >= LEAST_ENTITIES:
            return
    where = f"score probe, claim set {claims.name}"
    raise BadInput(where, f"at least {LEAST_ENTITIES} entities to cross-fit over", len(entities))


SCORE = Score("probe", "log-odds", (STATE,), _value, _check, supervised=True)
