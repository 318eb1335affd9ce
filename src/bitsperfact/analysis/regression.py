"""Least squares with intervals that need no equal errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from bitsperfact.analysis.sharing import tail

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficient:
    """A coefficient with its standard error, both in its unit, and degrees of freedom (1)."""

    value: float
    error: float
    freedom: int

    def ends(self, among: int = 1) -> tuple[float, float]:
        """Return the ends of the 95 % interval for `among` such numbers together; unknown without freedom."""
        if self.freedom < 1:
            return float("nan"), float("nan")
        half = float(t.isf(tail(among), self.freedom)) * self.error
        return self.value - half, self.value + half

    def times(self, factor: float) -> "Coefficient":
        """Return the estimate of a multiple."""
        return Coefficient(factor * self.value, abs(factor) * self.error, self.freedom)


def least_squares(design: Array, y: Array) -> list[Coefficient]:
    """Return coefficients of y (m,) on a design (m, k), with HC3 standard errors (MacKinnon & White 1985).

    Returns: one per column; errors are NaN where the design does not determine them, or a row alone does.
    """
    m, k = design.shape
    unknown = [Coefficient(float("nan"), float("nan"), m - k)] * k
    if m <= k or np.linalg.matrix_rank(design) < k:
        return unknown
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    left = np.where(leverage < 1 - 1e-9, 1 - leverage, np.nan)
    residual = (y - design @ coefficients) / left
    covariance = inverse @ (design.T * residual**2 @ design) @ inverse
    errors = np.sqrt(np.diag(covariance))
    return [Coefficient(float(c), float(e), m - k) for c, e in zip(coefficients, errors, strict=True)]


def mean_of(y: Array) -> Coefficient:
    """Return the mean of independent numbers (m,)."""
    return least_squares(np.ones((y.size, 1)), y)[0]
