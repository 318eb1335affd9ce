"""Laws of scores made of logistic peaks: the channel with spread scores, and what else scores may look like.

A peak has the distribution function F(x) = 1 / (1 + exp(-u - k u^3)), u = (x - centre) / scale. At k = 0 it is
logistic, at k = 0.0173 normal to within 0.0002 (Page 1977, an approximation of the normal integral); one k serves
all peaks of a law. Its scale may differ on either side of the centre, which is its median. Real scores are skewed
and have thin tails; a law of rigid peaks would mistake either for a second peak.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, softmax

Array = NDArray[np.float64]

#: Share of claims, in every family, that may lie anywhere: one outlier must not decide between families.
ANYWHERE = 1e-4
#: Largest k of a peak: about twice that of the normal law.
THINNEST = 0.04
_MOST_SKEW = 1.5
#: Least scale of a peak, in cells: below it, all of the peak lies within a cell.
_LEAST_SCALE = 0.05
#: Bounds of the logarithm of a share over that of the class's first peak.
_LEAST_LOGIT, _LARGEST_LOGIT = -15.0, 15.0


@dataclass(frozen=True)
class Family:
    """Which peaks, from the lowest to the highest, a class may occupy."""

    name: str
    facts: tuple[bool, ...]
    nonfacts: tuple[bool, ...]

    @property
    def n_peaks(self) -> int:
        """Number of peaks."""
        return len(self.facts)

    @property
    def n_parameters(self) -> int:
        """A centre and two scales per peak, the shape, and the shares of each class less one."""
        return 3 * self.n_peaks + 1 + sum(self.facts) + sum(self.nonfacts) - 2


#: One smooth location-scale pair, in which no non-fact is hallucinated: facts ~ H, non-facts ~ L.
SMOOTH = Family("smooth", (False, True), (True, False))
#: Facts ~ H, non-facts ~ (1 - q) L + q H: the channel of Guo & Li 2026 (arXiv 2602.00906), each atom a peak.
CHANNEL = Family("channel", (False, True), (True, True))
#: Facts ~ (1 - f) H + f L, non-facts ~ (1 - q) L + q H: a share f of the facts looks like non-facts.
FORGETTING = Family("forgetting", (True, True), (True, True))
#: Facts ~ (1 - a) H + a M, non-facts ~ (1 - q - c) L + c M + q H: a third score for "I do not know".
ABSTAINING = Family("abstaining", (False, True, True), (True, True, True))
#: From the fewest parameters (7) to the most (13). The later ones contain the channel, which contains the first.
FAMILIES = (SMOOTH, CHANNEL, FORGETTING, ABSTAINING)


@dataclass(frozen=True)
class Cells:
    """Claims counted in cells of scores, so that ties have a likelihood.

    `edges`: shape (cells - 1,), increasing, evenly spaced, in the unit of the scores; the outer cells are open.
    `facts`, `nonfacts`: shape (cells,), counts.
    """

    edges: Array
    facts: Array
    nonfacts: Array

    @property
    def width(self) -> float:
        """Width of a cell, in the unit of the scores."""
        return float(self.edges[1] - self.edges[0])


@dataclass(frozen=True)
class Mixture:
    """A member of a family.

    `centres`, `scales`: shape (peaks,), in the unit of the scores. `skews`: shape (peaks,), 1, positive to the
    right: the scales below and above a centre are scale exp(-skew) and scale exp(skew). `facts`, `nonfacts`: shape
    (peaks,), the share of each class in each peak (1, summing to 1). `thin`: k, 1, in [0, `THINNEST`].
    """

    family: Family
    centres: Array
    scales: Array
    skews: Array
    facts: Array
    nonfacts: Array
    thin: float = 0.0

    def log_likelihoods(self, edges: Array) -> tuple[Array, Array]:
        """Logarithm (nats) of the chance that a fact, and that a non-fact, falls into each cell: (cells,) each."""
        chance = _peaks(edges, self.centres, np.log(self.scales), self.skews, self.thin)[0]
        return np.log(_anywhere(self.facts @ chance)), np.log(_anywhere(self.nonfacts @ chance))


def fit_mixture(family: Family, cells: Cells, starts: list[Mixture]) -> Mixture:
    """Maximum-likelihood member of a family, each class weighing one half, from the best of several starts.

    The likelihood is that of the cells, maximised by L-BFGS with exact derivatives.

    Args: `starts`: at least one, with as many peaks as the family.
    """
    shares = cells.facts / cells.facts.sum(), cells.nonfacts / cells.nonfacts.sum()
    low, span = float(cells.edges[0]), float(cells.edges[-1] - cells.edges[0])
    unit_edges = (cells.edges - low) / span
    least = float(np.log(_LEAST_SCALE * cells.width / span))
    n, logits = family.n_peaks, sum(family.facts) + sum(family.nonfacts) - 2
    bounds = [(-0.5, 1.5)] * n + [(least, 1.0)] * n + [(-_MOST_SKEW, _MOST_SKEW)] * n + [(0.0, THINNEST)]
    bounds += [(_LEAST_LOGIT, _LARGEST_LOGIT)] * logits
    ends = np.array(bounds).T
    found = [
        minimize(
            _loss,
            np.clip(_packed(family, start, low, span), *ends),
            args=(family, unit_edges, shares),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 300, "ftol": 1e-8},
        )
        for start in starts
    ]
    best = min(found, key=lambda result: float(result.fun))
    centres, log_scales, skews, thin, facts, nonfacts = _unpacked(family, best.x)
    return Mixture(family, low + span * centres, span * np.exp(log_scales), skews, facts, nonfacts, thin)


def _packed(family: Family, start: Mixture, low: float, span: float) -> Array:
    parts = [(start.centres - low) / span, np.log(start.scales / span), start.skews, np.array([start.thin])]
    for allowed, shares in ((family.facts, start.facts), (family.nonfacts, start.nonfacts)):
        logs = np.log(np.maximum(shares[list(allowed)], 1e-3))
        parts.append(logs[1:] - logs[0])
    return np.concatenate(parts)


def _unpacked(family: Family, theta: Array) -> tuple[Array, Array, Array, float, Array, Array]:
    """Centres, logarithms of scales, skews, k, and the shares of facts and of non-facts."""
    centres, log_scales, skews = theta[: 3 * family.n_peaks].reshape(3, -1)
    thin, logits = float(theta[3 * family.n_peaks]), theta[3 * family.n_peaks + 1 :]
    free_facts = sum(family.facts) - 1
    facts, nonfacts = _shares(family.facts, logits[:free_facts]), _shares(family.nonfacts, logits[free_facts:])
    return centres, log_scales, skews, thin, facts, nonfacts


def _shares(allowed: tuple[bool, ...], logits: Array) -> Array:
    shares = np.zeros(len(allowed))
    shares[list(allowed)] = softmax(np.concatenate([[0.0], logits]))
    return shares


def _loss(theta: Array, family: Family, edges: Array, shares: tuple[Array, Array]) -> tuple[float, Array]:
    """Minus the mean log-likelihood (nats), classes weighing one half each, and its gradient."""
    centres, log_scales, skews, thin, facts, nonfacts = _unpacked(family, theta)
    chance, *slopes = _peaks(edges, centres, log_scales, skews, thin)
    loss, of_logits, of_shape = 0.0, [], np.zeros((4, family.n_peaks))
    for share, weight, allowed in zip(shares, (facts, nonfacts), (family.facts, family.nonfacts), strict=True):
        law = _anywhere(weight @ chance)
        loss -= 0.5 * float(share @ np.log(law))
        by_law = -0.5 * (1 - ANYWHERE) * share / law
        of_shape += weight * np.array([slope @ by_law for slope in slopes])
        of_peak = chance @ by_law
        of_logits.append((weight * (of_peak - weight @ of_peak))[list(allowed)][1:])
    return loss, np.concatenate([of_shape[:3].ravel(), [of_shape[3].sum()], *of_logits])


def _peaks(edges: Array, centres: Array, log_scales: Array, skews: Array, thin: float) -> tuple[Array, ...]:
    """Chance of each cell under each peak, (peaks, cells), and its slopes by centre, log scale, skew and k."""
    offset = edges[None, :] - centres[:, None]
    side = np.sign(offset)
    scale = np.exp(log_scales[:, None] + side * skews[:, None])
    # Far out all is 0 or 1; the cube of an unbounded u would overflow.
    u = np.clip(offset / scale, -700.0, 700.0)
    below = expit(u + thin * u**3)
    density = below * (1 - below)
    by_u = density * (1 + 3 * thin * u**2)
    of_edges = (below, -by_u / scale, -by_u * u, -by_u * u * side, density * u**3)
    ends = np.zeros((centres.size, 1))
    first, *slopes = (np.hstack([ends, values, ends]) for values in of_edges)
    first[:, -1] = 1.0
    return tuple(np.diff(values) for values in (first, *slopes))


def _anywhere(law: Array) -> Array:
    return np.asarray((1 - ANYWHERE) * law + ANYWHERE / law.size)
