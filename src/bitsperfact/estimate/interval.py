"""The interval of bits per fact, from resampled counts and from what few claims can say."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate.bootstrap import centred_quantiles, small_sample_factor
from bitsperfact.estimate.divergence import digamma_kl_bits
from bitsperfact.estimate.few import EffectiveCounts, differ, few_counts, few_interval
from bitsperfact.estimate.pool import Pool
from bitsperfact.estimate.resampling import independent_draws
from bitsperfact.estimate.resolution import Resolution

Array = NDArray[np.float64]


class Draws(NamedTuple):
    """Resampled counts per bin of a pool, each of shape (replicates, bins)."""

    facts: Array
    nonfacts: Array


class BitsInterval(NamedTuple):
    """`lower`, `upper`: bits, in [0, inf]. `reversed`: facts surely score below non-facts."""

    lower: float
    upper: float
    reversed: bool


def bits_interval(
    pool: Pool,
    draws: Draws,
    estimate: float,
    effective: EffectiveCounts,
    limited: bool,
    seed: int,
    confidence: float,
) -> BitsInterval:
    """Return the interval of bits per fact whose `estimate` (bits, any sign) is that of a pool.

    Quantiles of the draws, centred. Where either class is worth few claims, or the non-facts are too few for the
    estimate (`limited`), resampling knows too little: the interval is then no narrower than `few_interval`, and
    with few claims it starts at 0 unless `differ` holds. It is open above where the sample bounds nothing, and
    has all of its error below then.
    """
    resolution, few = Resolution.of(pool), effective.are_few
    bounded = resolution.is_bounded(estimate)
    error = (1 - confidence) / 2 if bounded else 1 - confidence
    bits = digamma_kl_bits(*draws)
    lower, upper = centred_quantiles(bits, estimate, error, small_sample_factor(effective.least, error))
    upper += resolution.allowance(error)
    told_apart = True
    if few or limited:
        counts = few_counts(pool, effective)
        least, most = few_interval(*counts, np.random.default_rng(seed), bits.size, error)
        lower, upper = min(lower, least), max(upper, most)
        told_apart = not few or differ(*counts, 1 - confidence)
    return BitsInterval(
        lower=max(0.0, lower) if told_apart else 0.0,
        upper=max(0.0, upper) if bounded else float("inf"),
        reversed=told_apart and _is_reversed(pool, draws, error),
    )


def design_effect(pool: Pool, nonfacts: Array, seed: int) -> float:
    """How many times as much bits vary with `nonfacts`, resampled by cluster (replicates, bins), as by claim."""
    facts, counts = pool.binned()
    alone = independent_draws(counts, np.random.default_rng(seed), len(nonfacts))
    clustered, single = (float(digamma_kl_bits(facts, drawn).var()) for drawn in (nonfacts, alone))
    return max(1.0, clustered / single) if single > 0 else 1.0


def _is_reversed(pool: Pool, draws: Draws, error: float) -> bool:
    """Return whether the AUC of binned scores is below 1/2 with an error of at most `error`."""
    estimate, drawn = _binned_auc(*pool.binned()), _binned_auc(*draws)
    return bool(centred_quantiles(drawn, float(estimate), error)[1] < 0.5)


def _binned_auc(facts: Array, nonfacts: Array) -> Array:
    below = np.cumsum(nonfacts, axis=-1) - 0.5 * nonfacts
    return np.asarray((facts * below).sum(axis=-1) / (facts.sum(axis=-1) * nonfacts.sum(axis=-1)))
