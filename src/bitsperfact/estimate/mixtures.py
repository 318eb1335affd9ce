"""Laws of scores made of logistic peaks: the channel with spread scores, and what else scores may look like.

A peak has the distribution function F(x) = 1 / (1 + exp(-v)), u = (x - centre) / scale, with v = u + k u^3 for k
>= 0 and v = asinh(c u) / c, c = sqrt(-6 k), for k < 0: both are u + k u^3 near 0. At k = 0 it is logistic, at k =
0.0173 normal to within 0.0002 (Page 1977, an approximation of the normal integral); below 0 its tails are those of
a power law, 1/|x| to the 1/c (derived here). One k serves the lower tails of all peaks of a law, and one the
upper. The scale, too, may differ on either side of the centre, which is the median. Real scores are skewed, with
thin tails or fat ones; a law of rigid peaks would mistake either for a second peak.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, softmax

Array = NDArray[np.float64]

#: Share of claims, in every family, that may lie anywhere: one outlier must not decide between families.
ANYWHERE = 1e-4
#: Largest k of a peak: about five times that of the normal law; and least: tails like |x|^-1.3.
THINNEST, FATTEST = 0.1, -0.1
_MOST_SKEW = 1.5
#: Least scale of a peak, in cells: below it, all of the peak lies within a cell.
_LEAST_SCALE = 0.05
#: Bounds of the logarithm of a share over that of the class's first peak.
_LEAST_LOGIT, _LARGEST_LOGIT = -15.0, 15.0


@dataclass(frozen=True)
class MixtureFamily:
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
        """A centre and two scales per peak, both tails, and the shares of each class less one."""
        return 3 * self.n_peaks + 2 + sum(self.facts) + sum(self.nonfacts) - 2


#: One smooth location-scale pair, in which no non-fact is hallucinated: facts ~ H, non-facts ~ L.
SMOOTH = MixtureFamily("smooth", (False, True), (True, False))
#: Facts ~ H, non-facts ~ (1 - q) L + q H: the channel of Guo & Li 2026 (arXiv 2602.00906), each atom a peak.
CHANNEL = MixtureFamily("channel", (False, True), (True, True))
#: Facts ~ (1 - f) H + f L, non-facts ~ (1 - q) L + q H: a share f of the facts looks like non-facts.
FORGETTING = MixtureFamily("forgetting", (True, True), (True, True))
#: Facts ~ (1 - a) H + a M, non-facts ~ (1 - q - c) L + c M + q H: a third score for "I do not know".
ABSTAINING = MixtureFamily("abstaining", (False, True, True), (True, True, True))
#: From the fewest parameters (8) to the most (14). The later ones contain the channel, which contains the first.
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
    (peaks,), the share of each class in each peak (1, summing to 1). `tails`: shape (2,), k of the lower and the
    upper tails, 1, in [`FATTEST`, `THINNEST`].
    """

    family: MixtureFamily
    centres: Array
    scales: Array
    skews: Array
    facts: Array
    nonfacts: Array
    tails: Array = field(default_factory=lambda: np.zeros(2))

    def log_likelihoods(self, edges: Array) -> tuple[Array, Array]:
        """Logarithm (nats) of the chance that a fact, and that a non-fact, falls into each cell: (cells,) each."""
        chance = _peaks(edges, self.centres, np.log(self.scales), self.skews, self.tails)[0]
        return np.log(_anywhere(self.facts @ chance)), np.log(_anywhere(self.nonfacts @ chance))


def fit_mixture(family: MixtureFamily, cells: Cells, starts: list[Mixture]) -> Mixture:
    """Return maximum-likelihood member of a family, each class weighing one half, from the best of several starts.

    The likelihood is that of the cells, maximised by L-BFGS with exact derivatives.

    Args: `starts`: at least one, with as many peaks as the family.
    """
    shares = cells.facts / cells.facts.sum(), cells.nonfacts / cells.nonfacts.sum()
    low, span = float(cells.edges[0]), float(cells.edges[-1] - cells.edges[0])
    unit_edges = (cells.edges - low) / span
    least = float(np.log(_LEAST_SCALE * cells.width / span))
    n, logits = family.n_peaks, sum(family.facts) + sum(family.nonfacts) - 2
    bounds = [(-0.5, 1.5)] * n + [(least, 1.0)] * n + [(-_MOST_SKEW, _MOST_SKEW)] * n + [(FATTEST, THINNEST)] * 2
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
    centres, log_scales, skews, tails, facts, nonfacts = _unpacked(family, best.x)
    return Mixture(family, low + span * centres, span * np.exp(log_scales), skews, facts, nonfacts, tails)


def _packed(family: MixtureFamily, start: Mixture, low: float, span: float) -> Array:
    parts = [(start.centres - low) / span, np.log(start.scales / span), start.skews, start.tails]
    for allowed, shares in ((family.facts, start.facts), (family.nonfacts, start.nonfacts)):
        logs = np.log(np.maximum(shares[list(allowed)], 1e-3))
        parts.append(logs[1:] - logs[0])
    return np.concatenate(parts)


def _unpacked(family: MixtureFamily, theta: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Centres, logarithms of scales, skews, tails, and the shares of facts and of non-facts."""
    centres, log_scales, skews = theta[: 3 * family.n_peaks].reshape(3, -1)
    tails, logits = theta[3 * family.n_peaks :][:2], theta[3 * family.n_peaks + 2 :]
    free_facts = sum(family.facts) - 1
    facts, nonfacts = _shares(family.facts, logits[:free_facts]), _shares(family.nonfacts, logits[free_facts:])
    return centres, log_scales, skews, tails, facts, nonfacts


def _shares(allowed: tuple[bool, ...], logits: Array) -> Array:
    shares = np.zeros(len(allowed))
    shares[list(allowed)] = softmax(np.concatenate([[0.0], logits]))
    return shares


def _loss(theta: Array, family: MixtureFamily, edges: Array, shares: tuple[Array, Array]) -> tuple[float, Array]:
    """Minus the mean log-likelihood (nats), classes weighing one half each, and its gradient."""
    centres, log_scales, skews, tails, facts, nonfacts = _unpacked(family, theta)
    chance, *slopes = _peaks(edges, centres, log_scales, skews, tails)
    loss, of_logits, of_shape = 0.0, [], np.zeros((5, family.n_peaks))
    for share, weight, allowed in zip(shares, (facts, nonfacts), (family.facts, family.nonfacts), strict=True):
        law = _anywhere(weight @ chance)
        loss -= 0.5 * float(share @ np.log(law))
        by_law = -0.5 * (1 - ANYWHERE) * share / law
        of_shape += weight * np.array([slope @ by_law for slope in slopes])
        of_peak = chance @ by_law
        of_logits.append((weight * (of_peak - weight @ of_peak))[list(allowed)][1:])
    return loss, np.concatenate([of_shape[:3].ravel(), of_shape[3:].sum(axis=1), *of_logits])


def _peaks(edges: Array, centres: Array, log_scales: Array, skews: Array, tails: Array) -> tuple[Array, ...]:
    """Chance of each cell under each peak, (peaks, cells); slopes by centre, log scale, skew and both tails."""
    offset = edges[None, :] - centres[:, None]
    side = np.sign(offset)
    scale = np.exp(log_scales[:, None] + side * skews[:, None])
    # Far out all is 0 or 1; the cube of an unbounded u would overflow.
    u = np.clip(offset / scale, -700.0, 700.0)
    v, v_by_u, v_by_k = _bent(u, np.where(side < 0, tails[0], tails[1]))
    below = expit(v)
    density = below * (1 - below)
    by_u, by_k = density * v_by_u, density * v_by_k
    ends = np.zeros((centres.size, 1))
    of_edges = (below, -by_u / scale, -by_u * u, -by_u * u * side, by_k * (side < 0), by_k * (side >= 0))
    first, *slopes = (np.hstack([ends, values, ends]) for values in of_edges)
    first[:, -1] = 1.0
    return tuple(np.diff(values) for values in (first, *slopes))


def _bent(u: Array, k: Array) -> tuple[Array, Array, Array]:
    """v of `u`, and its slopes by u and by k: a cubic where tails are thin, an inverse sinh where they are fat."""
    c = np.sqrt(6 * np.maximum(-k, 1e-9))
    z, root = np.arcsinh(c * u), np.sqrt(1 + (c * u) ** 2)
    fat_by_k = -3 / c * (u / (c * root) - z / c**2)
    is_fat = k < -1e-9
    return (
        np.where(is_fat, z / c, u + np.maximum(k, 0) * u**3),
        np.where(is_fat, 1 / root, 1 + 3 * np.maximum(k, 0) * u**2),
        np.where(is_fat, fat_by_k, u**3),
    )


def _anywhere(law: Array) -> Array:
    return np.asarray((1 - ANYWHERE) * law + ANYWHERE / law.size)
