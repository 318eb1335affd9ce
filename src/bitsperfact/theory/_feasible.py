"""Score laws moved by a hair, so that they meet their mean losses exactly at no first-order cost."""

import numpy as np

from bitsperfact.theory._checks import Array

#: Newton steps for the tilt: each squares an error that is small to begin with.
_STEPS = 4
#: Largest relative move towards a higher loss: it wins back rounding, and is nothing where a loss is free anyway.
_NUDGE = 1e-5


def tilt(laws: Array, above: Array, weights: Array, slope: float, eps: float) -> Array:
    """Return the laws times e^(-change * loss), normalised, so that their weighted mean loss is `eps`.

    Derived here: at the optimum, facts' laws are the output law times e^(-slope loss), and what a change of
    mu_nonfact costs is linear in the loss on its scores. So either tilt costs just what its change of loss is
    worth.

    Args: `laws`, `above`: shape (grades, points); `above` >= 0, infinite only where a law is 0. `slope`: the price
    of the loss, nats per unit. Where the loss is below `eps` at no price, the laws are left as they are.
    """
    finite = np.where(laws > 0, above, 0.0)
    change, tilted = 0.0, laws
    for _ in range(_STEPS):
        mean = (tilted * finite).sum(axis=1)
        spread = float(weights @ (tilted * (finite - mean[:, np.newaxis]) ** 2).sum(axis=1))
        if spread == 0:
            break
        change = max(-_NUDGE * slope, change + (float(weights @ mean) - eps) / spread)
        tilted = laws * np.exp(-change * (finite - finite.min(axis=1, keepdims=True)))
        tilted = tilted / tilted.sum(axis=1, keepdims=True)
    return _mix(tilted, above, weights, eps)


def _mix(laws: Array, above: Array, weights: Array, eps: float) -> Array:
    """Return the laws mixed with their best scores as far as their mean loss still exceeds `eps`."""
    loss = float(weights @ (laws * np.where(laws > 0, above, 0.0)).sum(axis=1))
    if loss <= eps:
        return laws
    best = np.zeros_like(laws)
    best[np.arange(len(laws)), above.argmin(axis=1)] = 1.0
    return np.asarray(eps / loss * laws + (1 - eps / loss) * best)
