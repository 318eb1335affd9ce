"""Several held-out scores of the same claims as one: a weighted sum with learnt weights of at least 0."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from bitsperfact.folds import Split

Floats = NDArray[np.float64]


def stacked(parts: Floats, is_fact: NDArray[np.bool_], splits: Iterable[Split]) -> Floats:
    """Return each split's test rows with the weights that suit its training rows; (n_claims,), log-odds (nats).

    `parts`: held-out log-odds, shape (n_parts, n_claims). Weights of at least 0 (Breiman 1996, "Stacked
    regressions": without that bound, parts that say the same are set against each other) minimise the log-loss
    with classes weighted equally, so that a part which says nothing, or the opposite, adds no noise.
    """
    scores = np.zeros(len(is_fact))
    for split in splits:
        if split.test.any() and len(np.unique(is_fact[split.train])) == 2:
            scores[split.test] = _weights(parts[:, split.train], is_fact[split.train]) @ parts[:, split.test]
    return scores


def _weights(parts: Floats, is_fact: NDArray[np.bool_]) -> Floats:
    sign = np.where(is_fact, 1.0, -1.0)
    share = np.where(is_fact, 0.5 / is_fact.sum(), 0.5 / (~is_fact).sum())
    signed = np.vstack([parts, np.ones(len(sign))]) * sign

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = weights @ signed
        return -float(share @ log_expit(odds)), -(signed @ (share * expit(-odds)))

    bounds = [(0.0, None)] * len(parts) + [(None, None)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(found.x[:-1])
