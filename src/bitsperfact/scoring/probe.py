"""`probe`: log-odds of a logistic regression on the hidden state after the claim's last token.

What a linear reader of the model's own representation can tell, in the manner of Azaria & Mitchell 2023, arXiv
2304.13734. Supervised: the classifier that scores an entity's claims was fitted on other entities only.
"""

import numpy as np
from numpy.typing import NDArray

from bitsperfact.errors import BadInput
from bitsperfact.scoring.registry import Array, HiddenScore

FOLDS = 5
#: Truth is most linearly readable some way past the middle of a network; one fixed depth avoids choosing by label.
DEPTH = 0.6


def _value(hidden: NDArray[np.float32], is_fact: NDArray[np.bool_], groups: NDArray[np.str_], seed: int) -> Array:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    n_entities = len(np.unique(groups))
    if n_entities < FOLDS:
        raise BadInput("score probe", f"at least {FOLDS} entities to cross-fit over", n_entities)
    log_odds = np.empty(len(hidden))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for fitted, held_out in folds.split(hidden, is_fact, groups):
        if len(np.unique(is_fact[fitted])) < 2:
            raise BadInput("score probe", "facts and non-facts of several entities", "one class in a fold")
        reader = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
        )
        log_odds[held_out] = reader.fit(hidden[fitted], is_fact[fitted]).decision_function(hidden[held_out])
    return log_odds


SCORE = HiddenScore("probe", "log-odds", DEPTH, _value)
