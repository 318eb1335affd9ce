"""Rows of the best score: what a model's bits are, where each of its scores is a lower bound of them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bitsperfact.analysis.measure import BOOTSTRAP, CERTIFICATE, Measurement, Sample
from bitsperfact.estimate import BestOfScores, best_of_scores


def best_quantities(names: list[str], views: NDArray[np.float64], sample: Sample) -> Iterator[Measurement]:
    """Yield bits_per_fact and bits_certified of the best of a model's scores on a claim set, the choice paid for.

    `names`: the scores; `views`: shape (scores, n_claims), their values.
    """
    found = best_of_scores(*sample.split(views), sample.labels, sample.seed, sample.replicates)
    largest, part = f"largest of {len(names)} scores", f"each at 1/{len(names)} of the error"
    estimator = f"{largest} ({_shares(found, names)}), less its luck; lower ends {part}; {BOOTSTRAP}"
    lower, upper = found.lower, found.upper
    if found.resolution_limited:
        estimator, lower, upper = f"{estimator}, or the certificate", min(lower, found.certified), np.inf
    yield Measurement("bits_per_fact", found.estimate, lower, upper, "bits", estimator, found.resolution_limited)
    certificate = f"{largest} ({names[found.certified_by]}), {part}; {CERTIFICATE}"
    yield Measurement("bits_certified", found.certified, found.certified, np.nan, "bits", certificate, False)


def _shares(found: BestOfScores, names: list[str]) -> str:
    """Which scores were best, and in which share of the halves, the most frequent first."""
    ranked = sorted(zip(found.chosen, names, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return ", ".join(f"{name} best in {100 * share:.0f} %" for share, name in ranked if share > 0)
