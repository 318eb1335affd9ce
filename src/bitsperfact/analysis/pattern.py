"""The pattern baseline of one stratum, fitted on a sample of entities where there are many claims."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitsperfact.analysis.baseline import pattern_scores
from bitsperfact.analysis.measure import Measurement
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.analysis.sets import SetOfClaims

#: Claims that the baseline is fitted on and scored on; beyond them, entities are drawn until so many are reached.
MOST_CLAIMS = 50_000


@dataclass(frozen=True)
class FittedPattern:
    """`values`: the baseline's scores of the claims in `rows`, a mask of shape (n_claims,), in their order."""

    rows: NDArray[np.bool_]
    values: NDArray[np.float64]

    def among(self, scored: NDArray[np.bool_]) -> "FittedPattern":
        """Return the baseline of the claims in `scored`, a mask of shape (n_claims,); it has as many as that."""
        return FittedPattern(self.rows[scored], self.values[scored[self.rows]])


def fitted_pattern(claims: SetOfClaims, nonfacts: NDArray[np.bool_], stratum: str, seed: int) -> FittedPattern:
    """Fit the baseline on the facts and these non-facts alone, since patterns differ between strata."""
    name = claims.info.name
    rows = sampled(claims.is_fact | nonfacts, claims.groups, derived_seed(seed, name, stratum, "pattern sample"))
    return FittedPattern(rows, pattern_scores(claims.texts(rows), derived_seed(seed, name, stratum, "pattern")))


def unknown_above() -> Measurement:
    """Return the row of what bits there are above those of a text that is not known."""
    unknown = np.nan, np.nan, np.nan
    return Measurement("bits_above_pattern", *unknown, "bits", "unknown: no text of these claims is known", False)


def sampled(rows: NDArray[np.bool_], groups: NDArray[np.int32], seed: int) -> NDArray[np.bool_]:
    """Return `rows`, or those of them that belong to entities drawn at random until `MOST_CLAIMS` are reached."""
    if rows.sum() <= MOST_CLAIMS:
        return rows
    sizes = np.bincount(groups[rows])
    order = np.random.default_rng(seed).permutation(len(sizes))
    before = np.cumsum(sizes[order]) - sizes[order]
    drawn = np.zeros(len(sizes), dtype=bool)
    drawn[order[before < MOST_CLAIMS]] = True
    chosen = rows.copy()
    chosen[rows] = drawn[groups[rows]]
    return chosen
