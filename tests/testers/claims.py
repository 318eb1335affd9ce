"""Keys and non-keys for the tests of testers, and the loss of what a tester answers."""

import numpy as np
from numpy.typing import NDArray


def keys_and_others(n_keys: int, n_others: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct random integers: keys are even, the others odd."""
    drawn = np.random.default_rng(seed).integers(-(2**62), 2**62, n_keys + n_others)
    return 2 * drawn[:n_keys], 2 * drawn[n_keys:] + 1


def log_loss_nats(of_keys: NDArray[np.float64], of_others: NDArray[np.float64], fact_weight: float = 0.5) -> float:
    """Weighted mean log-loss of confidences; infinite where a key gets 0 or a non-key 1."""
    with np.errstate(divide="ignore"):
        on_keys, on_others = -np.log(of_keys).mean(), -np.log1p(-of_others).mean()
    return float(fact_weight * on_keys + (1 - fact_weight) * on_others)


def within_binomial(successes: int, trials: int, chance: float, deviations: float = 5.0) -> bool:
    """Whether a count lies within so many standard deviations of its expectation."""
    return abs(successes - trials * chance) <= deviations * np.sqrt(trials * chance * (1 - chance)) + 1
